package publish

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// rounds is how often a passphrase is stirred into a key: a guess costs an attacker as much as opening the key costs its owner, a quarter of a second.
// It is what OWASP asks for with SHA-256.
const rounds = 600_000

// mostRounds bounds what a file may ask for.
const mostRounds = 100 * rounds

// sealed is a secret under a passphrase: AES-256-GCM with a key that PBKDF2 makes.
type sealed struct {
	Rounds int    `json:"rounds"`
	Salt   []byte `json:"salt"`
	Nonce  []byte `json:"nonce"`
	Text   []byte `json:"text"`
}

func conceal(secret, passphrase []byte) (*sealed, error) {
	s := &sealed{Rounds: rounds, Salt: make([]byte, 16)}
	rand.Read(s.Salt) // never fails: the program would end
	box, err := s.box(passphrase)
	if err != nil {
		return nil, err
	}
	s.Nonce = make([]byte, box.NonceSize())
	rand.Read(s.Nonce)
	s.Text = box.Seal(nil, s.Nonce, secret, nil)
	return s, nil
}

func (s *sealed) open(passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		return nil, errors.New("the key is encrypted, and there is no passphrase")
	}
	if s.Rounds < 1 || s.Rounds > mostRounds {
		return nil, errors.New("that is no key")
	}
	box, err := s.box(passphrase)
	if err != nil {
		return nil, err
	}
	if len(s.Nonce) != box.NonceSize() {
		return nil, errors.New("that is no key")
	}
	secret, err := box.Open(nil, s.Nonce, s.Text, nil)
	if err != nil {
		return nil, errors.New("the passphrase does not open the key")
	}
	return secret, nil
}

func (s *sealed) box(passphrase []byte) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha256.New, string(passphrase), s.Salt, s.Rounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
