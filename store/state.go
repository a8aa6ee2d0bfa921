package store

import "fmt"

const stateColumns = `id, user_name, asked_name, client, epoch, tries_left, expires_at, enrollment, begun_at, carried`

// AddState keeps what a challenge stands for.
func (tx *Tx) AddState(state State) error {
	_, err := tx.exec(`INSERT INTO states (`+stateColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		state.ID, state.User, state.AskedName, state.Client, state.Epoch, state.TriesLeft, millis(state.ExpiresAt), state.Enrollment, millis(state.BegunAt), state.Carried)
	if err != nil {
		return fmt.Errorf("keeping a State: %w", err)
	}
	return nil
}

// State looks a State up, without taking it. Expired ones are found too.
func (tx *Tx) State(id []byte) (State, bool, error) {
	return tx.state(`SELECT `+stateColumns+` FROM states WHERE id = $1`, id)
}

// TakeState takes a State: of all who ask, one finds it.
func (tx *Tx) TakeState(id []byte) (State, bool, error) {
	return tx.state(`DELETE FROM states WHERE id = $1 RETURNING `+stateColumns, id)
}

func (tx *Tx) state(query string, id []byte) (state State, found bool, err error) {
	var expires, begun int64
	found, err = tx.row(query, []any{id}, &state.ID, &state.User, &state.AskedName, &state.Client, &state.Epoch, &state.TriesLeft, &expires, &state.Enrollment, &begun, &state.Carried)
	if err != nil {
		return State{}, false, fmt.Errorf("reading a State: %w", err)
	}
	state.ExpiresAt, state.BegunAt = fromMillis(expires), fromMillis(begun)
	return state, found, nil
}

// RemoveStates removes all States of a user.
func (tx *Tx) RemoveStates(name string) error {
	_, err := tx.exec(`DELETE FROM states WHERE user_name = $1`, name)
	return err
}
