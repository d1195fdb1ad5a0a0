# Files fetched and verified, documents prepared and described, tokens made.

# A localrule runs where Snakemake runs, on a cluster too: nodes have no internet, and what takes seconds is not worth a
# submission. The fetching rules have no `code`: digests say what their files are, whatever code fetched them, and a
# change there would otherwise train everything again. Their `local` files, of entries with a `path`, are copied.

from glossbench.data.entries import card_settings, digests, fetch_settings, prepare_settings
from glossbench.settings.model import canonical


rule fetch_corpus:
    input:
        local=lambda w: user_files(STUDY.entry("corpora", w.corpus)),
    output:
        manifest=manifest_file("corpora", "{corpus}"),
    log:
        f"{RESULTS}/logs/fetch_corpus/{{corpus}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_corpus/{{corpus}}.tsv"
    retries: RETRIES
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        settings=lambda w: canonical(fetch_settings(STUDY.entry("corpora", w.corpus))),
    message:
        "Fetching the corpus {wildcards.corpus}"
    script:
        "../scripts/fetch.py"


rule prepare_corpus:
    input:
        manifest=manifest_file("corpora", "{corpus}"),
    output:
        **PATHS.texts("{corpus}"),
    log:
        f"{RESULTS}/logs/prepare_corpus/{{corpus}}.log",
    cache: CACHED
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=lambda w: canonical(prepare_settings(STUDY.entry("corpora", w.corpus))),
        code=code_digest("prepare_corpus"),
    message:
        "Preparing the documents of {wildcards.corpus}"
    script:
        "../scripts/prepare_corpus.py"


rule describe_corpus:
    input:
        **PATHS.texts("{corpus}"),
    output:
        card=f"{RESULTS}/corpora/{{corpus}}/card.json",
    log:
        f"{RESULTS}/logs/describe_corpus/{{corpus}}.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=lambda w: canonical(card_settings(w.corpus, STUDY.entry("corpora", w.corpus))),
        code=code_digest("describe_corpus"),
    message:
        "Writing the card of {wildcards.corpus}"
    script:
        "../scripts/describe_corpus.py"


use rule fetch_corpus as fetch_encoder with:
    input:
        local=lambda w: user_files(STUDY.entry("encoders", w.encoder)),
    output:
        manifest=manifest_file("encoders", "{encoder}"),
    log:
        f"{RESULTS}/logs/fetch_encoder/{{encoder}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch_encoder/{{encoder}}.tsv"
    params:
        settings=lambda w: canonical(fetch_settings(STUDY.entry("encoders", w.encoder))),
    message:
        "Fetching the encoder {wildcards.encoder}"


rule tokenize_corpus:
    input:
        **PATHS.texts("{corpus}"),
        encoder=manifest_file("encoders", "{encoder}"),
    output:
        tokens=directory(f"{RESULTS}/tokens/{{corpus}}/{{encoder}}"),
    log:
        f"{RESULTS}/logs/tokenize_corpus/{{corpus}}/{{encoder}}.log",
    cache: CACHED
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 2
    resources:
        mem_mb=2000,
    params:
        settings=lambda w: canonical(
            {"encoder": digests(STUDY.entry("encoders", w.encoder)), "max_length": STUDY.settings.max_length}
        ),
        code=code_digest("tokenize_corpus"),
    message:
        "Tokenizing {wildcards.corpus} for {wildcards.encoder}"
    script:
        "../scripts/tokenize_corpus.py"
