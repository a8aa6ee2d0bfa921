package access

import "vpn-otpd/store"

// tell puts a notice for the user into the outbox, once for each channel.
func (s *Settings) tell(tx *store.Tx, n store.Notice) error {
	for _, channel := range s.Notices {
		n.Channel = channel
		if err := tx.AddNotice(n); err != nil {
			return err
		}
	}
	return nil
}
