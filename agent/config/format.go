package config

// Format is which configuration files this program reads: those of this number and below. It grows when an older program could not make
// sense of what a newer one keeps.
const Format = 1
