package main

import (
	"slices"
	"strings"
	"testing"
)

// oidcThere offers a provider; its table is still open.
const oidcThere = "[enroll]\nlisten = \"127.0.0.1:8080\"\nurl = \"https://vpn.example.org/2fa/\"\ntrusted_proxies = [\"127.0.0.1/32\"]\nsign_in = [\"oidc\"]\n" +
	"[enroll.oidc]\nissuer = \"https://id.example.org\"\nclient_id = \"vpn-otpd\"\nclient_secret = \"a secret\"\nname_claim = \"sub\"\n"

const headerThere = "[enroll]\nlisten = \"unix:enroll.sock\"\nurl = \"https://vpn.example.org/2fa/\"\npeers = [\"root\"]\nsign_in = [\"header\"]\n" +
	"[enroll.header]\nname = \"X-Remote-User\"\n"

const codeOnly = "[[radius.client]]\nname = \"front\"\nnetworks = [\"192.0.2.9/32\"]\nsecret = \"a secret that is long enough\"\nmode = \"code\"\n"

// warned are the keys of the warnings that hold a word, each with a blank behind it.
func warned(t *testing.T, text, word string) (keys string) {
	t.Helper()
	_, warnings, err := loadText(t, text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, warning := range warnings {
		if strings.Contains(warning.Text, word) {
			keys += warning.Key + " "
		}
	}
	return keys
}

// Where rules go by groups, each way in that tells none is named; nothing is
// said where no rule does.
func TestUntoldGroups(t *testing.T) {
	t.Parallel()
	const policy = "[[policy]]\nname = \"staff\"\ngroups = [\"staff\"]\ntwo_factor = \"required\"\n"
	const everybody = "[[policy]]\nname = \"all\"\ntwo_factor = \"required\"\n"
	const reply = "[[radius.reply]]\ngroups = [\"staff\"]\nattributes = { \"Class\" = \"a\" }\n"
	directory := strings.Replace(directoryServer, `"local", `, "", 1) + "base = \"dc=org\"\n"
	passes := codeOnly + "pass_unenrolled = true\n"
	for text, want := range map[string]string{
		"": "password.order ",
		"[password]\norder = [\"radius\"]\n" + upstreamServer:                                     "password.radius.group_attribute ",
		"[password]\norder = [\"radius\"]\nradius.group_attribute = \"Class\"\n" + upstreamServer: "",
		"[password.radius]\nmigrate_until = 2099-01-31\n" + upstreamServer:                        "password.order password.radius.group_attribute ",
		directory:                         "",
		directory + "groups = \"none\"\n": "password.ldap.groups ",
		directory + oidcThere:             "enroll.oidc.groups_claim ",
		directory + oidcThere + "groups_claim = \"groups\"\n":      "",
		directory + headerThere:                                    "enroll.header.groups ",
		directory + headerThere + "groups = \"X-Remote-Groups\"\n": "",
		directory + codeOnly:                                       "",
		directory + passes:                                         "",
		directory + "groups = \"none\"\n" + passes:                 "password.ldap.groups radius.client[0].pass_unenrolled ",
		passes: "radius.client[0].pass_unenrolled password.order ",
		strings.Replace(directory, "base = \"dc=org\"", "bind_template = \"uid={name},dc=org\"", 1) + passes: "radius.client[0].pass_unenrolled ",
	} {
		for _, rule := range []string{policy, reply} {
			if keys := warned(t, text+rule, "nothing tells the groups"); !sameWords(keys, want) {
				t.Errorf("warned of %q, want %q in\n%s", keys, want, text+rule)
			}
		}
		if keys := warned(t, text+everybody, "groups of"); keys != "" {
			t.Errorf("warned of %q where no rule goes by groups, in\n%s", keys, text)
		}
	}
}

// Groups by their short name count from anywhere; that is said where it eases
// anything.
func TestForeignGroups(t *testing.T) {
	t.Parallel()
	const reply = "[[radius.reply]]\ngroups = [\"staff\"]\nattributes = { \"Class\" = \"a\" }\n"
	policy := func(says string) string {
		return "[[policy]]\nname = \"staff\"\ngroups = [\"staff\"]\nends = 2099-01-31\nreason = \"a\"\ntwo_factor = \"" + says + "\"\n"
	}
	directory := directoryServer + "base = \"dc=org\"\n"
	for text, want := range map[string]bool{
		directory + reply:                             true,
		directory + policy("exempt"):                  true,
		directory + policy("optional"):                true,
		directory + policy("disabled"):                true,
		directory + "groups = \"nested\"\n" + reply:   true,
		directory + "groups = \"memberOf\"\n" + reply: true,
		directory + policy("required"):                false,
		directory + strings.Replace(policy("exempt"), "groups", "clients", 1) + codeOnly: false,
		directory + "groups = \"search\"\n" + reply:                                      false,
		directory + "groups = \"none\"\n" + reply:                                        false,
		directory + "group_name = \"dn\"\n" + reply:                                      false,
		directory + "group_base = \"ou=g,dc=org\"\n" + reply:                             false,
		strings.Replace(directory, `, "ldap"`, "", 1) + reply:                            false,
		reply: false,
	} {
		text = strings.Replace(text, `clients = ["staff"]`, `clients = ["front"]`, 1)
		if keys := warned(t, text, "whoever may make groups"); (keys == "password.ldap.group_base ") != want || !want && keys != "" {
			t.Errorf("warned of %q, want %v in\n%s", keys, want, text)
		}
	}
}

// While the former servers ask for a second factor, the page doesn't.
func TestMigrationWithPage(t *testing.T) {
	t.Parallel()
	const page = "[enroll]\nlisten = \"127.0.0.1:8080\"\nurl = \"https://vpn.example.org/2fa/\"\ntrusted_proxies = [\"127.0.0.1/32\"]\n"
	const networks = "first_use_networks = [\"10.0.0.0/8\"]\n"
	const policy = "[[policy]]\nname = \"staff\"\ntwo_factor = \"required\"\n"
	migrating := "[password.radius]\nmigrate_until = 2099-01-31\n" + upstreamServer
	for text, want := range map[string]bool{
		migrating + page: true,
		migrating + page + "first_use = \"web\"\n":                                           true,
		migrating + page + "first_use = \"invitation\"\n" + policy + "first_use = \"web\"\n": true,
		migrating + page + networks + policy + "first_use_networks = []\n":                   true,
		migrating + page + networks:                                                          false,
		migrating + page + "first_use = \"invitation\"\n":                                    false,
		migrating + page + "first_use = \"invitation\"\n" + policy:                           false,
		migrating: false,
		strings.Replace(migrating, "2099", "2020", 1) + page: false,
		page: false,
	} {
		if keys := warned(t, text, "the page lets anybody"); (keys == "password.radius.migrate_until ") != want || !want && keys != "" {
			t.Errorf("warned of %q, want %v in\n%s", keys, want, text)
		}
	}
}

func sameWords(a, b string) bool {
	return slices.Equal(slices.Sorted(strings.FieldsSeq(a)), slices.Sorted(strings.FieldsSeq(b)))
}
