"""The configuration of engines that serve a team: vLLM, llama.cpp's server, Ollama. The engines are theirs."""
