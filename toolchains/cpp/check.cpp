#include <algorithm>
#include <iostream>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

int main()
{
	std::vector<int> numbers(10);
	std::optional<int> sum;

	std::iota(numbers.begin(), numbers.end(), 1);
	std::thread([&] { sum = std::accumulate(numbers.begin(), numbers.end(), 0); }).join();
	try {
		std::cout << sum.value() << '\n';
		throw std::out_of_range("thrown and caught");
	} catch (const std::exception &error) {
		std::cout << error.what() << '\n';
	}
}
