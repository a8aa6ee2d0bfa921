package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"
)

// secretOctets makes a shared secret of 43 letters, 256 bits.
const secretOctets = 32

func secretCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "secret",
		Short: "Print a new shared secret for a RADIUS client",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			octets := make([]byte, secretOctets)
			rand.Read(octets)
			_, err := fmt.Fprintln(c.OutOrStdout(), base64.RawURLEncoding.EncodeToString(octets))
			return err
		},
	}
}
