package ui

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"certdesk/internal/certfile"
	"certdesk/internal/certificate"
	"certdesk/internal/csr"
	"certdesk/internal/testca"
	"certdesk/ui/model"
	"certdesk/ui/parts"
)

// requestPart is the left half of the form that answers somebody's request:
// the request, and what it asks for.
type requestPart struct {
	form    *parts.Segments
	about   *parts.Paragraph
	text    *parts.Field
	asks    *fyne.Container
	object  fyne.CanvasObject
	request *csr.Request // nil while there is none that can be answered
}

// answerForms are the forms of the answer, in the order they are offered.
var answerForms = []struct{ name, format, ending string }{
	{"PEM", testca.FormatPEM, ".pem"}, {"P7B", testca.FormatP7B, ".p7b"}, {"DER", testca.FormatDER, ".cer"},
}

// openAnswerRequest opens the form that issues what a request asks for.
func (v *caView) openAnswerRequest(a *model.Authority) *issueForm {
	s := v.shell
	f := &issueForm{view: v, ca: a, answer: &requestPart{about: parts.SmallPara(""), asks: parts.VBox(8)},
		form: s.newForm(lang.X("csr.title", "Issue from a request (CSR)"), lang.X("issue.sub", "By {{.Name}}", words{"Name": a.Name}), "cert", lang.X("issue.yes", "Issue"), 940, 660)}
	r := f.answer
	var names []string
	for _, x := range answerForms {
		names = append(names, x.name)
	}
	r.form = parts.NewSegments(names, func(int) { f.proposeAnswer() })
	r.text = parts.NewPaste("-----BEGIN CERTIFICATE REQUEST----- …", 7, func(string) { f.readRequest() })
	open := parts.SmallButton("folder", lang.X("answer.open", "Open file…"), func() {
		s.chooseFile(lang.X("csr.choose", "Choose the request"), []string{".csr", ".req", ".p10", ".pem", ".der", ".txt"}, "", f.openRequestFile)
	})
	r.object = parts.VBox(9, parts.Labelled(lang.X("csr.paste", "Paste the request, drop it here, or open it"), r.text), parts.Start(open), r.asks)
	f.dialog.OnFiles = func(paths []string) { f.openRequestFile(paths[0]) }
	v.issueForm(f)
	f.readRequest()
	return f
}

func (f *issueForm) openRequestFile(path string) {
	go func() {
		data, err := readFile(path)
		fyne.Do(func() {
			if err == nil && len(data) > parts.MaxPaste {
				err = fmt.Errorf("%s: %w", path, csr.ErrRequest) // a request has a thousand bytes
			}
			if err != nil {
				f.answer.asks.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
				f.changed()
				return
			}
			text, ok := certfile.Text(data)
			if !ok {
				text = certfile.OneLineBase64(data) // DER: shown as what it would be pasted as
			}
			f.answer.text.SetText(text)
		})
	}()
}

// readRequest shows what was pasted asks for.
func (f *issueForm) readRequest() {
	r := f.answer
	r.request = nil
	text := strings.TrimSpace(r.text.Text)
	if text == "" {
		r.asks.Objects = []fyne.CanvasObject{parts.SmallPara(lang.X("csr.empty", "A request is made by whoever will use the certificate; its private key stays there. The certificate gets its subject, names and key."))}
		f.answered()
		return
	}
	request, err := csr.Read([]byte(text))
	if err != nil {
		r.asks.Objects = []fyne.CanvasObject{problemBanner(err, nil)}
		f.answered()
		return
	}
	r.request = request
	none := lang.X("csr.none", "none")
	fact := func(name string, values ...string) fyne.CanvasObject {
		text := strings.Join(values, ", ")
		if text == "" {
			text = none
		}
		return parts.Fact(name, 104, parts.Para(text))
	}
	var usages, purposes []string
	for _, u := range request.KeyUsage {
		usages = append(usages, usageName(u))
	}
	for _, oid := range request.ExtKeyUsage {
		purposes = append(purposes, certificate.ExtKeyUsageName(oid))
	}
	r.asks.Objects = []fyne.CanvasObject{
		parts.Banner(parts.KindOK, lang.X("csr.verified", "Its signature verifies"), lang.X("csr.verifiedText", "Whoever made it has the key. Who that is, you have to know."), nil),
		parts.VBox(3, fact(lang.X("csr.subject", "Subject"), request.Subject()), fact(lang.X("csr.names", "Names"), request.Spec.Names.All()...), fact(lang.X("csr.key", "Key"), string(request.Spec.Key)),
			fact(lang.X("csr.usage", "Key usage"), usages...), fact(lang.X("csr.purposes", "Purposes"), purposes...)),
		parts.SmallPara(lang.X("csr.decided", "Key usage and purpose of the certificate are those that you choose, not those that it asks for.")),
	}
	for i, p := range csr.Purposes {
		if p.Purpose == request.For("").Purposes[0] && p.Purpose != f.purpose {
			f.purposes.SetSelected(i)
			f.choose(p.Purpose)
		}
	}
	f.answered()
}

func (f *issueForm) answered() {
	f.answer.asks.Refresh()
	f.proposeAnswer()
	f.sayFault()
}

// proposeAnswer names the file after the request.
func (f *issueForm) proposeAnswer() {
	form := answerForms[f.answer.form.Selected()]
	about := lang.X("csr.chain", "The certificate and the chain to the root.")
	if form.format == testca.FormatDER {
		about = lang.X("csr.only", "The certificate only; PEM and P7B hold the chain too.")
	}
	f.answer.about.SetText(about)
	name := "certificate"
	if r := f.answer.request; r != nil && r.Spec.Subject.CommonName != "" {
		name = r.Spec.Subject.CommonName
	}
	f.target.propose(testca.FileName(name, form.ending))
	f.changed()
}
