#include <safetysdk.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::cerr << "usage: check PROMPT [PICTURE]\n";
        return 64;
    }
    try {
        safety::pipeline pipeline;
        safety::request request;
        std::vector<std::uint8_t> picture;
        request.prompt = argv[1];
        if (argc > 2) {
            std::ifstream file(argv[2], std::ios::binary);
            picture.assign(std::istreambuf_iterator<char>(file), {});
            request.images.push_back(picture);
            request.operation = safety::operation::edit;
        }
        safety::verdict verdict = pipeline.check(request);
        std::cout << (verdict.allowed() ? "allowed" : "not allowed") << '\n';
        for (const safety::reason &reason : verdict.reasons()) {
            std::cout << reason.category << ' ' << reason.score << " (" << reason.rule << ")\n";
        }
        return verdict.allowed() ? 0 : 20;
    } catch (const safety::error &e) {
        std::cerr << e.what() << '\n';
        return 70;
    }
}
