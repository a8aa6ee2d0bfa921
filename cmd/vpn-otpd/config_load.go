package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// environment is what a configuration takes from outside its file.
type environment struct {
	hostname    func() (string, error)
	credentials string // systemd's folder of credentials; "": none
}

func systemEnvironment() environment {
	return environment{hostname: os.Hostname, credentials: os.Getenv("CREDENTIALS_DIRECTORY")}
}

// loadConfig reads a configuration file. The error is a *Faults with everything
// that is wrong; warnings are what may stay as it is.
func loadConfig(path string, env environment) (*Config, []Warning, error) {
	l := &loader{decoder: decoder{name: path}, env: env, folder: filepath.Dir(path)}
	if absolute, err := filepath.Abs(path); err == nil {
		l.folder = filepath.Dir(absolute)
	}
	written := defaults()
	text, err := os.ReadFile(path)
	if err != nil {
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		l.faults = append(l.faults, Fault{File: path, Text: "it can't be read: " + err.Error()})
		return nil, nil, l.all()
	}
	l.decode(string(text), written)
	if l.lines == nil { // not TOML: nothing else can be said
		return nil, nil, l.all()
	}
	config := l.check(written)
	l.checkMode(path, written)
	if len(l.faults) > 0 {
		return nil, nil, l.all()
	}
	byLine(l.warnings)
	return config, l.warnings, nil
}

// loader reads one file.
type loader struct {
	decoder
	env      environment
	folder   string // of the file: relative paths begin there
	warnings []Warning
}

func (l *loader) all() *Faults {
	byLine(l.faults)
	faults := Faults(l.faults)
	return &faults
}

func (l *loader) warn(key, format string, arguments ...any) {
	l.warnings = append(l.warnings, l.at(key, format, arguments...))
}

// path makes a relative path absolute.
func (l *loader) path(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(l.folder, path)
}

// checkMode warns where others can read the secrets in the file itself.
func (l *loader) checkMode(path string, written *file) {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return
	}
	for _, secret := range written.secrets() {
		if secret != "" {
			l.warnings = append(l.warnings, Fault{File: path, Text: "everybody on this machine can read the secrets in it; chmod o= would end that"})
			return
		}
	}
}

// secrets are all that may stand in the file itself.
func (f *file) secrets() (secrets []string) {
	secrets = append(secrets, f.Store.password())
	for _, client := range f.Radius.Client {
		secrets = append(secrets, client.Secret)
	}
	if f.Password.LDAP != nil {
		secrets = append(secrets, f.Password.LDAP.BindPassword)
	}
	if f.Password.Radius != nil {
		for _, server := range f.Password.Radius.Server {
			secrets = append(secrets, server.Secret)
		}
	}
	if f.Enroll.OIDC != nil {
		secrets = append(secrets, f.Enroll.OIDC.ClientSecret)
	}
	return secrets
}

// secret is what is shared with a client or server, from the file itself, a file
// beside it or a systemd credential.
func (l *loader) secret(key, owner, secret, secretFile string) []byte {
	switch {
	case secret != "" && secretFile != "":
		l.fault(key+".secret_file", "secret and secret_file are both set; one of them is to go")
	case secret != "":
		return []byte(secret)
	case secretFile != "":
		return l.secretFile(key+".secret_file", secretFile)
	default:
		l.fault(key+".secret", `a %s needs a secret (vpn-otpd secret prints one) or a secret_file`, owner)
	}
	return nil
}

// resolve finds a file: a systemd credential of that name, or a path.
func (l *loader) resolve(name string) (path string, credential bool) {
	if l.env.credentials != "" && name != "" && !strings.Contains(name, "/") {
		inside := filepath.Join(l.env.credentials, name)
		if _, err := os.Stat(inside); err == nil {
			return inside, true
		}
	}
	return l.path(name), false
}

func (l *loader) secretFile(key, name string) []byte {
	path, credential := l.resolve(name)
	info, err := os.Stat(path)
	if err != nil {
		l.fault(key, "%v", err)
		return nil
	}
	// systemd gives credentials to the group too, and keeps everybody else out.
	if mode := info.Mode().Perm(); !credential && mode&0o077 != 0 {
		l.fault(key, "%s has mode %04o: others can read it; it should be 0600", path, mode)
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		l.fault(key, "%v", err)
		return nil
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if secret == "" {
		l.fault(key, "%s is empty", path)
		return nil
	}
	return []byte(secret)
}

// checkConfig is the check command: it prints what is wrong, doubtful and in force.
func checkConfig(w io.Writer, path string, env environment) error {
	config, warnings, err := loadConfig(path, env)
	if err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintf(w, "%s (warning)\n", warning)
	}
	_, err = fmt.Fprintf(w, "%s: no faults; %d clients, two-factor is %s\n", path, len(config.Clients), config.policyName())
	return err
}
