# Files fetched and verified, documents prepared and described, tokens made.
# Manifests are `ancient`: fetching again what has the same digests must not prepare or train anything again; where
# the digests change, the parameters of prepare_corpus and tokenize_corpus change with them.


localrules:
    fetch_corpus,
    fetch_encoder,
    describe_corpus,


rule fetch_corpus:
    output:
        manifest="resources/corpora/{corpus}/SHA256SUMS",
    log:
        RESULTS + "/logs/fetch_corpus/{corpus}.log",
    benchmark:
        RESULTS + "/benchmarks/fetch_corpus/{corpus}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        settings=lambda w: canonical(fetch_settings(STUDY.registry["corpora"][w.corpus])),
        code=code_digest("fetch_corpus"),
    message:
        "Fetching the corpus {wildcards.corpus}"
    script:
        "../scripts/fetch_corpus.py"


rule prepare_corpus:
    input:
        manifest=ancient("resources/corpora/{corpus}/SHA256SUMS"),
    output:
        train=RESULTS + "/corpora/{corpus}/train.parquet",
        val=RESULTS + "/corpora/{corpus}/val.parquet",
        test=RESULTS + "/corpora/{corpus}/test.parquet",
    log:
        RESULTS + "/logs/prepare_corpus/{corpus}.log",
    benchmark:
        RESULTS + "/benchmarks/prepare_corpus/{corpus}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=lambda w: canonical(prepare_settings(STUDY.registry["corpora"][w.corpus])),
        code=code_digest("prepare_corpus"),
    message:
        "Preparing the documents of {wildcards.corpus}"
    script:
        "../scripts/prepare_corpus.py"


rule describe_corpus:
    input:
        train=RESULTS + "/corpora/{corpus}/train.parquet",
        val=RESULTS + "/corpora/{corpus}/val.parquet",
        test=RESULTS + "/corpora/{corpus}/test.parquet",
    output:
        card=RESULTS + "/corpora/{corpus}/card.json",
    log:
        RESULTS + "/logs/describe_corpus/{corpus}.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=lambda w: canonical(card_settings(w.corpus, STUDY.registry["corpora"][w.corpus])),
        code=code_digest("describe_corpus"),
    message:
        "Writing the card of {wildcards.corpus}"
    script:
        "../scripts/describe_corpus.py"


rule fetch_encoder:
    output:
        manifest="resources/encoders/{encoder}/SHA256SUMS",
    log:
        RESULTS + "/logs/fetch_encoder/{encoder}.log",
    benchmark:
        RESULTS + "/benchmarks/fetch_encoder/{encoder}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=60,
    params:
        settings=lambda w: canonical(fetch_settings(STUDY.registry["encoders"][w.encoder])),
        code=code_digest("fetch_encoder"),
    message:
        "Fetching the encoder {wildcards.encoder}"
    script:
        "../scripts/fetch_encoder.py"


rule tokenize_corpus:
    input:
        train=RESULTS + "/corpora/{corpus}/train.parquet",
        val=RESULTS + "/corpora/{corpus}/val.parquet",
        test=RESULTS + "/corpora/{corpus}/test.parquet",
        encoder=ancient("resources/encoders/{encoder}/SHA256SUMS"),
    output:
        tokens=directory(RESULTS + "/tokens/{corpus}/{encoder}"),
    log:
        RESULTS + "/logs/tokenize_corpus/{corpus}/{encoder}.log",
    benchmark:
        RESULTS + "/benchmarks/tokenize_corpus/{corpus}/{encoder}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: 2
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda w: canonical(
            {"encoder": digests(STUDY.registry["encoders"][w.encoder]), "max_length": STUDY.max_length}
        ),
        code=code_digest("tokenize_corpus"),
    message:
        "Tokenizing {wildcards.corpus} for {wildcards.encoder}"
    script:
        "../scripts/tokenize_corpus.py"
