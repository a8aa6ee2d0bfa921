package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const prometheusExamples = "../../packaging/examples/prometheus"

// promtool finds Prometheus's own tool.
func promtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("promtool is missing: install prometheus")
	}
	t.Skip("promtool is missing: install prometheus")
	return ""
}

// Prometheus takes the alerts, and what the daemon shows it.
func TestPromtool(t *testing.T) {
	t.Parallel()
	tool := promtool(t)
	if output, err := exec.Command(tool, "check", "rules", filepath.Join(prometheusExamples, "vpn-otpd.rules.yml")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	d := startDaemon(t, codeClient+"[metrics]\nlisten = \"127.0.0.1:0\"\n")
	_, body := get(t, "tcp", d.metrics.address(), "/metrics")
	check := exec.Command(tool, "check", "metrics")
	var ours []string
	for _, line := range strings.Split(body, "\n") {
		if strings.Contains(line, "vpn_otpd_") {
			ours = append(ours, line)
		}
	}
	check.Stdin = strings.NewReader(strings.Join(ours, "\n") + "\n")
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// Alerts and dashboard name only metrics that there are.
func TestExamplesNameMetrics(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vpn-otpd.rules.yml", "grafana-dashboard.json"} {
		content, err := os.ReadFile(filepath.Join(prometheusExamples, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(content) {
			t.Errorf("%s is no JSON", name)
		}
		found := regexp.MustCompile(`vpn_otpd_([a-z_]+)`).FindAllSubmatch(content, -1)
		if len(found) < 5 {
			t.Errorf("%s names %d metrics", name, len(found))
		}
		for _, match := range found {
			metric := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAll(match[1], nil)
			if !bytes.Contains(source, []byte(`"`+string(metric)+`"`)) {
				t.Errorf("%s names vpn_otpd_%s, which there isn't", name, match[1])
			}
		}
	}
}
