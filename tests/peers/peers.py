"""Measures the tools that one would pick in Python for parts of the analysis, on the texts of a folder.

The folder holds `*.txt`, `*.html` and `surfaces.list`, the folded spellings of the catalog. Each tool runs in a process of its own with one warm-up
and the best of three rounds; set-up (automata, models, profiles) is not timed. Prints a line of JSON a tool: stage, tool, milliseconds for all texts
together, peak memory of its process. A tool that is not installed has no milliseconds. Called by the benchmark of the analysis.

Pitfalls that this avoids: numeric libraries start a thread a core unless told otherwise, and small matrices then take longer by far; sumy asks for a
tokenizer whose data must be downloaded, so it gets one of two regular expressions; spaCy warns about texts without a pipeline component.
"""

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"


class Texts:
    """What there is to measure with."""

    def __init__(self, folder):
        self.reports = [path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))]
        self.pages = [path.read_text("utf-8") for path in sorted(folder.glob("*.html"))]
        self.surfaces = (folder / "surfaces.list").read_text("utf-8").split("\n")


def on_reports(texts, run):
    return lambda: [run(text) for text in texts.reports]


def py_ahocorasick(texts):
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for number, surface in enumerate(texts.surfaces):
        automaton.add_word(surface, (number, len(surface)))
    automaton.make_automaton()

    def at_edges(text):
        text, found = text.lower(), []
        for end, (number, length) in automaton.iter(text):
            start = end - length + 1
            inside = (start > 0 and text[start - 1].isalnum()) or (end + 1 < len(text) and text[end + 1].isalnum())
            if not inside:
                found.append((number, start))
        return found

    return on_reports(texts, at_edges)


def flashtext(texts):
    from flashtext import KeywordProcessor

    processor = KeywordProcessor(case_sensitive=False)
    for surface in texts.surfaces:
        processor.add_keyword(surface)
    return on_reports(texts, lambda text: processor.extract_keywords(text, span_info=True))


def spacy_phrases(texts):
    import spacy
    from spacy.matcher import PhraseMatcher

    language = spacy.blank("xx")
    matcher = PhraseMatcher(language.vocab, attr="LOWER")
    matcher.add("name", list(language.tokenizer.pipe(texts.surfaces)))
    return on_reports(texts, lambda text: matcher(language.make_doc(text)))


def spacy_sentences(texts):
    import spacy

    language = spacy.blank("xx")
    language.add_pipe("sentencizer")
    return on_reports(texts, lambda text: list(language(text).sents))


def py3langid(texts):
    from py3langid import classify

    return on_reports(texts, classify)


def langdetect(texts):
    from langdetect import DetectorFactory, detect

    DetectorFactory.seed = 0
    return on_reports(texts, detect)


class Tokenizer:
    """Sentences and words by regular expressions, in the form that sumy asks for."""

    def to_sentences(self, paragraph):
        return tuple(part.strip() for part in re.split(r"(?<=[.!?])\s+", paragraph) if part.strip())

    def to_words(self, sentence):
        return tuple(re.findall(r"\w+", sentence))


def sumy(texts, summarizer):
    from sumy.parsers.plaintext import PlaintextParser

    tokenizer = Tokenizer()
    return on_reports(texts, lambda text: summarizer(PlaintextParser.from_string(text, tokenizer).document, 6))


def sumy_lexrank(texts):
    from sumy.summarizers.lex_rank import LexRankSummarizer

    return sumy(texts, LexRankSummarizer())


def sumy_textrank(texts):
    from sumy.summarizers.text_rank import TextRankSummarizer

    return sumy(texts, TextRankSummarizer())


def yake(texts):
    from yake import KeywordExtractor

    return on_reports(texts, KeywordExtractor(top=20).extract_keywords)


def trafilatura(texts):
    from trafilatura import extract

    return lambda: [extract(page) for page in texts.pages]


TOOLS = [
    ("names", "pyahocorasick with edges", py_ahocorasick),
    ("names", "flashtext", flashtext),
    ("names", "spaCy PhraseMatcher (xx)", spacy_phrases),
    ("language", "py3langid", py3langid),
    ("language", "langdetect", langdetect),
    ("sentences", "spaCy sentencizer (xx)", spacy_sentences),
    ("summary", "sumy LexRank", sumy_lexrank),
    ("summary", "sumy TextRank", sumy_textrank),
    ("summary", "YAKE (key phrases)", yake),
    ("parse", "trafilatura", trafilatura),
]


def measure(folder, number):
    """Measures one tool in this process."""
    stage, tool, prepare = TOOLS[number]
    figure = {"stage": stage, "tool": tool}
    try:
        run = prepare(Texts(folder))
    except ImportError as error:
        print(f"{tool}: {error}", file=sys.stderr)
    else:
        run()
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            run()
            rounds.append(time.perf_counter() - start)
        figure["milliseconds"] = min(rounds) * 1e3
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        figure["peak_mib"] = peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps(figure))


def main():
    folder = Path(sys.argv[1])
    if len(sys.argv) > 2:
        measure(folder, int(sys.argv[2]))
        return
    for number, (_, tool, _) in enumerate(TOOLS):
        done = subprocess.run([sys.executable, __file__, str(folder), str(number)], stdout=subprocess.PIPE, text=True)
        if done.returncode == 0:
            print(done.stdout.strip().split("\n")[-1], flush=True)
        else:
            print(f"{tool}: failed", file=sys.stderr)


if __name__ == "__main__":
    main()
