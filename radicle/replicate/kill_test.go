package replicate_test

const envVictim = "RADSWARM_TEST_FETCHES"

func victim(string) int { return 0 }
