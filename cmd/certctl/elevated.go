package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"certdesk/certstore"
	"certdesk/internal/elevate"
)

// elevatedCommand is what the window starts with administrator's rights, for
// the one change that a person agreed to; see package elevate.
func (a *app) elevatedCommand() *cobra.Command {
	var path, sum string
	cmd := &cobra.Command{
		Use:    "elevated --plan FILE --sha256 HEX",
		Short:  "make the change of a plan for the window; the window starts this by itself",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			plan, err := elevate.Take(path, sum, a.now)
			if err != nil {
				return err
			}
			store, err := certstore.Open(cmd.Context(), certstore.Options{Getenv: plan.Getenv})
			if err != nil {
				return err
			}
			defer store.Close()
			pipe, err := elevate.Dial(plan.Pipe)
			if err != nil {
				return fmt.Errorf("the window does not answer: %w", err)
			}
			defer pipe.Close()
			return elevate.Serve(cmd.Context(), pipe, plan, store)
		},
	}
	cmd.Flags().StringVar(&path, "plan", "", "the plan")
	cmd.Flags().StringVar(&sum, "sha256", "", "the SHA-256 of the plan")
	return cmd
}
