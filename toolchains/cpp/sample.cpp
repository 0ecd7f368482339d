#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

int main()
{
	std::vector<std::string> words{"sand", "castle", "bucket", "shovel"};

	std::ranges::sort(words);
	for (const auto &word : words)
		std::cout << word << '\n';
}
