select bench.write_four();
