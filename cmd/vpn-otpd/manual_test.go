package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"vpn-otpd/packaging/man"
)

//go:generate go test -count=1 -run ^TestManualPages$ . -args -update

const manual = "../../packaging/man"

// The manual pages say what the program, its reasons and the default
// configuration say.
func TestManualPages(t *testing.T) {
	t.Parallel()
	parts := reasons(t)
	parts["COMMANDS"] = man.Commands(command())
	err := man.Compare(filepath.Join(manual, "vpn-otpd.8.in"), parts, *update)
	content, readErr := os.ReadFile("../../packaging/vpn-otpd.toml")
	keys := map[string]string{"KEYS": man.Configuration(string(content))}
	if err := errors.Join(err, readErr, man.Compare(filepath.Join(manual, "vpn-otpd.toml.5.in"), keys, *update)); err != nil {
		t.Error(err)
	}
}

// reasons are the lists of the manual page, from the source of the vocabulary.
func reasons(t *testing.T) map[string]string {
	t.Helper()
	source, err := os.ReadFile("../../radiusd/access/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	lists, count := make(map[string]string), 0
	for name, heading := range map[string]string{"ACCEPTED": "an accept", "CHALLENGED": "a challenge", "REFUSED": "a reject"} {
		_, group, found := strings.Cut(string(source), "// Reasons of "+heading)
		if !found {
			t.Fatalf("no reasons of %s", heading)
		}
		group, _, _ = strings.Cut(group, "\n)")
		list := ".Bl -tag -width Ds -compact\n"
		for _, match := range regexp.MustCompile(`Reason = "([a-z_]+)"(?:\s*// (.*))?`).FindAllStringSubmatch(group, -1) {
			list += ".It Ic " + match[1] + "\n" + man.Text(match[2])
			count++
		}
		lists[name] = list + ".El\n"
	}
	if all := strings.Count(string(source), `Reason = "`); count != all {
		t.Errorf("%d reasons on the page, there are %d", count, all)
	}
	return lists
}

// Each key that the configuration has is on its page, in its table.
func TestManualHasEveryKey(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(manual, "vpn-otpd.toml.5"))
	if err != nil {
		t.Fatal(err)
	}
	_, tables, _ := strings.Cut(string(page), ".Sh TABLES AND KEYS\n")
	sections := strings.Split(tables, ".Ss ")
	var walk func(table string, kind reflect.Type)
	walk = func(table string, kind reflect.Type) {
		for i := range kind.NumField() {
			name, inner := kind.Field(i).Tag.Get("toml"), kind.Field(i).Type
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && inner.NumField() > 0 && inner.Field(0).Tag.Get("toml") != "" {
				walk(strings.TrimPrefix(table+"."+name, "."), inner)
				continue
			}
			if !hasKey(sections, table, name) {
				t.Errorf("the page has no %q in table %q", name, table)
			}
		}
	}
	walk("", reflect.TypeFor[file]())
}

func hasKey(sections []string, table, key string) bool {
	for _, section := range sections {
		title, body, _ := strings.Cut(section, "\n")
		title = strings.Trim(title, `"[]`)
		if table == "" && section == sections[0] { // before the first table
			body, title = section, ""
		}
		if title == table+"."+key { // a table of names that the administrator chooses
			return true
		}
		if title != table {
			continue
		}
		if strings.Contains(body, ".It Ic "+key+" ") || regexp.MustCompile(`(?m)^(?:.*[ ,])?`+key+`[,.]?(?: |$)`).MatchString(body) {
			return true
		}
	}
	return false
}

// The formatters have nothing to say about the pages.
func TestManualPagesRender(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(manual + "/*.[578]")
	if err != nil || len(pages) != 4 {
		t.Fatal(pages, err)
	}
	for program, arguments := range map[string][]string{
		"man":    {"--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"},
		"mandoc": {"-Tlint", "-Wwarning"},
	} {
		path, err := exec.LookPath(program)
		if err != nil && os.Getenv("CI") == "true" {
			t.Errorf("%s is missing: install %s", program, map[string]string{"man": "man-db", "mandoc": "mandoc"}[program])
		}
		if err != nil {
			t.Logf("%s is missing", program)
			continue
		}
		for _, page := range pages {
			var complaints strings.Builder
			run := exec.Command(path, append(arguments, page)...)
			run.Stderr = &complaints
			if program == "mandoc" {
				run.Stdout = &complaints
			}
			if err := run.Run(); err != nil || complaints.Len() > 0 {
				t.Errorf("%s: %v\n%s", fmt.Sprint(run.Args), err, complaints.String())
			}
		}
	}
}
