package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"vpn-otpd/radiusd/admin"
)

func (t *tool) deviceCommand() *cobra.Command {
	c := &cobra.Command{Use: "device", Short: "TOTP devices", Example: "  vpn-otpctl device list alice", RunE: group}
	c.AddCommand(t.deviceAdd(), t.deviceList(), t.deviceRemove())
	return c
}

func (t *tool) deviceAdd() *cobra.Command {
	var device admin.NewDevice
	var fromStdin bool
	c := &cobra.Command{
		Use:   "add NAME --secret BASE32",
		Short: "Enroll a device whose secret exists elsewhere",
		Long: `Enroll a device whose secret exists elsewhere: a token that came with its
seed, or an app that was set up before. Other users of the machine can see a
command line: --secret-stdin keeps the secret out of it.`,
		Example: `  vpn-otpctl device add alice --secret-stdin --label token <seed.txt
  vpn-otpctl device add alice --secret GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ`,
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			if fromStdin == (device.Secret != "") {
				return usage("one of --secret and --secret-stdin is needed")
			}
			if fromStdin {
				secret, err := line(bufio.NewReader(t.stdin))
				if err != nil {
					return usage("standard input is empty; the secret is expected there")
				}
				device.Secret = secret
			}
			added, err := t.client().AddDevice(c.Context(), arguments[0], device)
			if err != nil {
				return err
			}
			return t.print(added, func(w io.Writer) { fmt.Fprintf(w, "enrolled device %q of %s\n", added.Label, arguments[0]) })
		},
	}
	flags := c.Flags()
	flags.StringVar(&device.Secret, "secret", "", "the secret in `BASE32`")
	flags.BoolVar(&fromStdin, "secret-stdin", false, "read the secret from the first line of standard input")
	flags.StringVar(&device.Label, "label", "", "the device's `name` (default \"device\")")
	flags.StringVar(&device.Algorithm, "algorithm", "", "SHA1, SHA256 or SHA512 (default SHA1)")
	flags.IntVar(&device.Digits, "digits", 0, "of a code, 6 to 8 (default 6)")
	flags.IntVar(&device.Period, "period", 0, "seconds a code lives (default 30)")
	return c
}

func (t *tool) deviceList() *cobra.Command {
	return &cobra.Command{
		Use:               "list NAME",
		Short:             "List a user's devices",
		Example:           "  vpn-otpctl device list alice",
		Args:              names("NAME"),
		ValidArgsFunction: t.completeUser,
		RunE: func(c *cobra.Command, arguments []string) error {
			user, err := t.client().User(c.Context(), arguments[0])
			if err != nil {
				return err
			}
			return t.print(user.Devices, func(w io.Writer) { listDevices(w, user.Devices) })
		},
	}
}

func listDevices(w io.Writer, devices []admin.Device) {
	fmt.Fprintln(w, "DEVICE\tSINCE\tLAST USED\tKIND")
	for _, d := range devices {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s, %d digits, %d s\n", d.Label, when(d.CreatedAt), when(d.UsedAt), d.Algorithm, d.Digits, d.Period)
	}
}

func (t *tool) deviceRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME LABEL",
		Short:             "Remove one device",
		Long:              "Remove one device. With the last one the recovery codes go too.",
		Example:           "  vpn-otpctl device remove alice phone",
		Args:              names("NAME", "LABEL"),
		ValidArgsFunction: t.completeDevice,
		RunE: func(c *cobra.Command, arguments []string) error {
			name, label := arguments[0], arguments[1]
			if err := t.confirm(c.Context(), "This removes device %q of %s.", label, name); err != nil {
				return err
			}
			if err := t.client().RemoveDevice(c.Context(), name, label); err != nil {
				return err
			}
			return t.say("removed device %q of %s", label, name)
		},
	}
}
