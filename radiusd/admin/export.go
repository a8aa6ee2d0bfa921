package admin

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"vpn-otpd/radiusd/access"
)

// export answers with one device a line.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	var none nothing
	peer, ok := r.Context().Value(peerKey{}).(Peer)
	if !ok {
		s.fail(w, r, &forbiddenError{"who you are is not known"})
		return
	}
	if err := errors.Join(checkQuery(r.URL.RawQuery, []string{"user"}), decode(w, r, &none)); err != nil {
		s.fail(w, r, err)
		return
	}
	lines := newLines(w, s.transfer(w))
	last := ExportLine{Done: true}
	err := s.Export(r.Context(), peer.actor(), r.URL.Query().Get("user"), func(line ExportLine) error { return lines.add(line) })
	if err != nil {
		problem := s.problem(r, err)
		last = ExportLine{Problem: &problem}
	}
	_ = lines.write(last) // who doesn't hear it has hung up
}

// backup answers with a copy of the store. It is made in a folder of ours first:
// whoever reads slowly holds nobody up, and its length is known.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	var none nothing
	peer, ok := r.Context().Value(peerKey{}).(Peer)
	if !ok {
		s.fail(w, r, &forbiddenError{"who you are is not known"})
		return
	}
	if err := errors.Join(checkQuery(r.URL.RawQuery, nil), decode(w, r, &none)); err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.copying.take(r.Context()) {
		s.fail(w, r, &access.Refusal{Kind: access.RefusedRule, Text: "another backup is under way"})
		return
	}
	defer s.copying.giveBack()
	t := s.transfer(w)
	err := s.sendBackup(w, r, t, peer)
	if err != nil {
		t.received()
		s.fail(w, r, err)
	}
}

// sendBackup returns only errors from before the answer began.
func (s *Server) sendBackup(w http.ResponseWriter, r *http.Request, t *transfer, peer Peer) (err error) {
	folder, remove, err := transferFolder(s.BackupFolder)
	if err != nil {
		return err
	}
	defer func() {
		if err := remove(); err != nil {
			s.Log.Error("removing the copy of a backup failed", "folder", folder, "err", err)
		}
	}()
	made := filepath.Join(folder, DatabaseName)
	if err := s.Backup(r.Context(), peer.actor(), made); err != nil {
		return err
	}
	file, err := os.Open(made)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	// An answer that is shorter than it says is known as such by the peer.
	if _, err := io.Copy(t.writer(w), file); err != nil {
		s.Log.Warn("a backup was broken off", "err", err)
	}
	return nil
}
