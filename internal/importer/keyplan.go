package importer

import (
	"fmt"
	"strings"

	"certdesk/certstore"
	"certdesk/internal/certfile"
	"certdesk/internal/inventory"
	"certdesk/internal/placement"
)

// planKeys says of each key that will be stored how it will be kept. What the
// store refuses is said by [Service.refusal].
func (s *Service) planKeys(p *Plan, inv *inventory.Inventory) {
	for i := range p.Items {
		it := &p.Items[i]
		if it.Key >= 0 && (it.Action == placement.Add || it.Action == placement.Replace) {
			it.KeyPlan = s.keyPlan(p, *it, inv)
		}
	}
}

func (s *Service) keyPlan(p *Plan, it placement.Item, inv *inventory.Inventory) *placement.KeyPlan {
	opt, item, key := p.Options, p.item(it), p.contents.Keys[it.Key]
	k := &placement.KeyPlan{KeyPlan: certstore.KeyPlan{KeySet: it.Location}, Exportable: item.Exportable, Protected: item.Protected,
		FileProvider: key.Provider, FileMachine: key.MachineKeySet, FileUse: placement.FileSilent}
	if planner, ok := s.Store.(certstore.KeyPlanner); ok {
		plan, err := planner.KeyPlan(it.Location, item)
		if err != nil {
			return nil
		}
		k.KeyPlan = plan
	}
	onWindows := k.Provider == certstore.ProviderCNG || k.Provider == certstore.ProviderCAPI
	switch {
	case onWindows && item.ProviderName != "":
		k.Reason = "The file names this provider, and you asked to honour that."
	case onWindows && opt.Provider != certstore.ProviderDefault:
		k.Reason = "You asked for it."
	case onWindows && item.Provider != certstore.ProviderDefault:
		k.Reason = opt.Target.ProviderWhy
	case !onWindows && opt.Provider != certstore.ProviderDefault:
		k.Reason += " The choice between CNG and CryptoAPI is Windows'."
	}
	if !onWindows { // which makes a key of its own for each certificate
		sharedKey(k, it, inv)
	}
	if key.Provider != "" || key.MachineKeySet {
		k.FileUse, k.FileReason = fileUse(key, item, onWindows, it.Location)
	}
	return k
}

// sharedKey corrects the plan for a key that another certificate has brought
// already: it stays as it is.
func sharedKey(k *placement.KeyPlan, it placement.Item, inv *inventory.Inventory) {
	id := it.Certificate.KeyID()
	if id == nil {
		return
	}
	for _, r := range inv.KeyHolders(id) {
		if r.Location != it.Location || r.Key != certstore.KeyPresent || r.Exportable == k.Exportable {
			continue
		}
		k.Exportable = r.Exportable
		mark := "marked not exportable"
		if r.Exportable {
			mark = "exportable"
		}
		k.Reason = strings.TrimSpace(fmt.Sprintf("%s The key is there already, with %q; it is %s and stays so.", k.Reason, r.Certificate.CommonName(), mark))
		return
	}
}

// fileUse says what became of the provider and key set that the file asks for.
func fileUse(key certfile.Key, item certstore.Item, onWindows bool, loc certstore.Location) (use placement.FileUse, reason string) {
	use = placement.FileStripped
	switch {
	case key.Provider == "":
	case onWindows && item.ProviderName != "":
		use, reason = placement.FileHonoured, fmt.Sprintf("The provider that the file names, %s, is used.", key.Provider)
	case onWindows:
		reason = fmt.Sprintf("The provider that the file names, %s, is not used: it comes from the computer that made the file.", key.Provider)
	default:
		reason = fmt.Sprintf("The provider that the file names, %s, is Windows' and has no meaning here.", key.Provider)
	}
	if key.MachineKeySet {
		if reason != "" {
			reason += " "
		}
		reason += "The file asks for the machine's key set; "
		switch {
		case loc == certstore.Machine:
			reason += "that is where the key goes, because the location is the machine."
		default:
			reason += "that is left out, because the location is the user, whose programs look in the user's."
		}
	}
	return use, reason
}
