package admin

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Ids that nobody has here, so that the kernel's word alone counts.
const (
	adminGroup    = 64201
	helpdeskGroup = 64202
	helen         = 64301 // of the helpdesk
	anna          = 64302 // an administrator
)

func testRoles() Roles {
	return Roles{AdminGroups: []uint32{adminGroup}, HelpdeskGroups: []uint32{helpdeskGroup},
		Administrators: []string{"carol"}, Users: map[uint32]string{helen: "helen", anna: "anna"}}
}

// TestAnotherUser connects as others, really: with a group of their own, with
// supplementary groups, and without any that counts.
func TestAnotherUser(t *testing.T) {
	if socket := os.Getenv("ADMIN_TEST_SOCKET"); socket != "" {
		err := NewClient(socket).Reset(t.Context(), "alice")
		fmt.Printf("answer: %v\n", err)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("needs root to become another user")
	}
	w := serve(t, func(s *Server) { s.Roles = testRoles })
	for folder := w.socket; folder != os.TempDir() && len(folder) > 1; folder = folder[:strings.LastIndex(folder, "/")] {
		if folder == w.socket { // its mode is as it was made
			continue
		}
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program := t.TempDir() + "/admin.test"
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, own, 0o755); err != nil {
		t.Fatal(err)
	}
	const done = "answer: <nil>"
	for name, test := range map[string]struct {
		credential syscall.Credential
		want       string
	}{
		"stranger":                {syscall.Credential{Uid: helen, Gid: 64999}, "may not use this socket"},
		"root's group":            {syscall.Credential{Uid: helen, Gid: 0, Groups: []uint32{0}}, "may not use this socket"},
		"helpdesk":                {syscall.Credential{Uid: helen, Gid: helpdeskGroup}, done},
		"helpdesk, other gid":     {syscall.Credential{Uid: helen, Gid: 64999, Groups: []uint32{64998, helpdeskGroup}}, done},
		"helpdesk, unmapped":      {syscall.Credential{Uid: 64399, Gid: helpdeskGroup}, "admin.users"},
		"administrator":           {syscall.Credential{Uid: anna, Gid: adminGroup}, done},
		"administrator, other":    {syscall.Credential{Uid: anna, Gid: 64999, Groups: []uint32{adminGroup}}, done},
		"administrator, unmapped": {syscall.Credential{Uid: 64399, Gid: adminGroup}, "admin.users"},
	} {
		command := exec.Command(program, "-test.run=^TestAnotherUser$")
		command.Env = []string{"ADMIN_TEST_SOCKET=" + w.socket}
		command.Dir = "/"
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &test.credential}
		before, _ := w.accounts.count()
		output, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(output), test.want) {
			t.Errorf("%s: %v: %s", name, err, output)
		}
		after, actor := w.accounts.count()
		if (after > before) != (test.want == done) {
			t.Errorf("%s: %d calls came through", name, after-before)
		}
		if after > before && actor.UID != int64(test.credential.Uid) {
			t.Errorf("%s: done by %+v", name, actor)
		}
	}
}
