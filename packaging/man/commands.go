// Package man writes manual pages in the language of mdoc(7): of a program from
// its commands, of the configuration from the comments of the default one.
// Tests of the programs call it; no program contains it, and it never invents a
// text: what a page lacks is missing in the help or in the comments.
//
// Cobra's own generator makes a page of each command, more than thirty.
package man

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Commands describes each command below root that does something, in the order
// of their names: what the help of the program says.
func Commands(root *cobra.Command) string {
	var b strings.Builder
	for _, c := range root.Commands() {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		if c.HasSubCommands() && c.Args == nil {
			b.WriteString(Commands(c))
			continue
		}
		writeCommand(&b, c)
		b.WriteString(Commands(c))
	}
	return b.String()
}

func writeCommand(b *strings.Builder, c *cobra.Command) {
	_, line, _ := strings.Cut(c.UseLine(), " ")
	line = strings.TrimSuffix(line, " [flags]")
	fmt.Fprintf(b, ".Ss %s\n", argument(line))
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	b.WriteString(Text(text))
	b.WriteString(Flags(c.LocalNonPersistentFlags()))
	if c.Example != "" {
		b.WriteString(".Pp\n")
		writeLiteral(b, strings.Split(c.Example, "\n"))
	}
}

// Flags describes flags; it is empty where there is none.
func Flags(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" {
			return
		}
		b.WriteString(".It ")
		if flag.Shorthand != "" {
			fmt.Fprintf(&b, "Fl %s , ", flag.Shorthand)
		}
		value, usage := pflag.UnquoteUsage(flag)
		fmt.Fprintf(&b, "Fl \\-%s", strings.ReplaceAll(flag.Name, "-", `\-`))
		if value != "" {
			fmt.Fprintf(&b, " Ar %s", argument(value))
		}
		b.WriteString("\n" + Text(sentence(usage)))
		if standard := flag.DefValue; standard != "" && standard != "false" && standard != "0" && standard != "[]" && standard != "0s" {
			fmt.Fprintf(&b, "The default is %s.\n", escape(standard))
		}
	})
	if b.Len() == 0 {
		return ""
	}
	return ".Bl -tag -width Ds\n" + b.String() + ".El\n"
}

// sentence begins with a capital letter and ends with a full stop.
func sentence(text string) string {
	text = strings.ToUpper(text[:1]) + text[1:]
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
