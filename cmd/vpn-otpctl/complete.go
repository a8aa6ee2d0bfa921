package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// What a shell asks while somebody types must be short and soon.
const (
	completionTime  = 2 * time.Second
	completionNames = 100
)

// source lists words that begin with what is typed. It says nothing of errors:
// that would be printed in the middle of a command line.
type source func(ctx context.Context, typed string) []string

// completeFirst completes the first argument.
func (t *tool) completeFirst(words source) cobra.CompletionFunc {
	return func(c *cobra.Command, arguments []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(arguments) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(c, words, typed)
	}
}

// completeUser completes NAME.
func (t *tool) completeUser(c *cobra.Command, arguments []string, typed string) ([]string, cobra.ShellCompDirective) {
	return t.completeFirst(t.userNames)(c, arguments, typed)
}

// completeDevice completes NAME LABEL.
func (t *tool) completeDevice(c *cobra.Command, arguments []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(arguments) != 1 {
		return t.completeUser(c, arguments, typed)
	}
	return complete(c, func(ctx context.Context, typed string) []string {
		user, err := t.client().User(ctx, arguments[0])
		if err != nil {
			return nil
		}
		var labels []string
		for _, device := range user.Devices {
			labels = append(labels, device.Label)
		}
		return beginning(labels, typed)
	}, typed)
}

// completePolicy completes NAME and one of the policies.
func (t *tool) completePolicy(c *cobra.Command, arguments []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(arguments) != 1 {
		return t.completeUser(c, arguments, typed)
	}
	return beginning(policies, typed), cobra.ShellCompDirectiveNoFileComp
}

// completeFlag completes the value of a flag.
func (t *tool) completeFlag(c *cobra.Command, flag string, words source) {
	// It fails for a flag that isn't there, or is completed twice.
	if err := c.RegisterFlagCompletionFunc(flag, func(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return complete(c, words, typed)
	}); err != nil {
		panic(err)
	}
}

func complete(c *cobra.Command, words source, typed string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(c.Context(), completionTime)
	defer cancel()
	return words(ctx, typed), cobra.ShellCompDirectiveNoFileComp
}

// userNames are users by the daemon. Its pages begin after a name, so the one
// that is typed out is looked for by itself.
func (t *tool) userNames(ctx context.Context, typed string) []string {
	var found []string
	if typed != "" {
		if user, err := t.client().User(ctx, typed); err == nil {
			found = append(found, user.Name)
		}
	}
	page, err := t.client().Users(ctx, typed, completionNames)
	if err != nil {
		return nil
	}
	for _, user := range page.Users {
		found = append(found, user.Name)
	}
	return beginning(found, typed)
}

// clientNames are the RADIUS clients by the daemon.
func (t *tool) clientNames(ctx context.Context, typed string) []string {
	status, err := t.client().Status(ctx)
	if err != nil {
		return nil
	}
	var found []string
	for _, client := range status.Clients {
		found = append(found, client.Name)
	}
	return beginning(found, typed)
}

func reasonNames(_ context.Context, typed string) []string {
	return beginning(slices.Sorted(maps.Keys(reasonWords)), typed)
}

// beginning leaves out what a shell can't show as a completion, too.
func beginning(words []string, typed string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(word string) bool {
		return !strings.HasPrefix(word, typed) || strings.ContainsAny(word, "\t\n")
	})
}
