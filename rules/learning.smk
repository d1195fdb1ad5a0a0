# From tokens to one frame of all runs.


rule encode_frozen:
    input:
        tokens=f"{RESULTS}/tokens/{CELL}",
        encoder="resources/encoders/{encoder}/SHA256SUMS",
    output:
        f"{RESULTS}/frozen/{CELL}.safetensors",
    log:
        f"{RESULTS}/logs/encode_frozen/{CELL}.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_frozen/{CELL}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings["torch_threads"]
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=GPUS,
    params:
        settings=lambda w: canonical({**encoder_settings(w), **device_settings()}),
        code=code_digest("encode_frozen"),
    message:
        "Encoding {wildcards.corpus} with the frozen layers of {wildcards.encoder}"
    script:
        "../scripts/encode_frozen.py"


rule estimate_sigma:
    input:
        unpack(encoded_inputs),
    output:
        f"{RESULTS}/sigma/{CELL}.json",
    log:
        f"{RESULTS}/logs/estimate_sigma/{CELL}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimate_sigma/{CELL}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings["torch_threads"]
    resources:
        mem_mb=6000,
        runtime=60,
        gpu=GPUS,
    params:
        settings=lambda w: canonical({"encoder_settings": STUDY.settings["encoder"], **device_settings()}),
        code=code_digest("estimate_sigma"),
    message:
        "Estimating sigma for {wildcards.corpus} with {wildcards.encoder}"
    script:
        "../scripts/estimate_sigma.py"


rule train:
    input:
        unpack(training_inputs),
    output:
        **RUN_FILES,
    log:
        f"{RESULTS}/logs/train/{CELL}/{{objective}}/seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{CELL}/{{objective}}/seed-{{seed}}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings["torch_threads"]
    resources:
        mem_mb=6000,
        runtime=720,
        gpu=GPUS,
    params:
        settings=lambda w: canonical(run_settings(w)),
        code=lambda w: code_digest("train", STUDY.objective(w.objective)["loss"]),
        state=f"{STATE}/runs/{CELL}/{{objective}}/seed-{{seed}}",
    message:
        "Fine-tuning {wildcards.encoder} on {wildcards.corpus} with {wildcards.objective}, seed {wildcards.seed}"
    script:
        "../scripts/train.py"


rule evaluate:
    input:
        settings=f"{RUN}/settings.json",
        epochs=f"{RUN}/epochs.csv",
        embeddings=f"{RUN}/embeddings.npz",
        logits=f"{RUN}/logits.npz",
    output:
        metrics=f"{RUN}/metrics.json",
        predictions=f"{RUN}/predictions.parquet",
    log:
        f"{RESULTS}/logs/evaluate/{CELL}/{{objective}}/seed-{{seed}}.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=lambda w: canonical({"probe": probe_settings(w)}),
        code=code_digest("evaluate"),
    message:
        "Evaluating {wildcards.objective} on {wildcards.corpus} with {wildcards.encoder}, seed {wildcards.seed}"
    script:
        "../scripts/evaluate.py"


rule collect:
    input:
        metrics=per_run(f"{RUN}/metrics.json"),
        epochs=per_run(f"{RUN}/epochs.csv"),
        timing=per_run(f"{RUN}/timing.json"),
        timing_epochs=per_run(f"{RUN}/timing.csv"),
        cards=cards(),
    output:
        runs=f"{RESULTS}/runs.parquet",
        epochs=f"{RESULTS}/epochs.parquet",
        corpora=f"{RESULTS}/corpora.parquet",
    log:
        f"{RESULTS}/logs/collect.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda w: canonical({"study": STUDY.name}),
        code=code_digest("collect"),
    message:
        "Collecting all runs of {RESULTS}"
    script:
        "../scripts/collect.py"


if STUDY.settings["projection"]:

    rule project_embeddings:
        input:
            embeddings=per_run(f"{RUN}/embeddings.npz", projected_runs()),
            cards=cards(),
        output:
            f"{RESULTS}/projections.parquet",
        log:
            f"{RESULTS}/logs/project_embeddings.log",
        benchmark:
            f"{RESULTS}/benchmarks/project_embeddings.tsv"
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            settings=lambda w: canonical(
                {
                    "projection": {k: v for k, v in STUDY.settings["projection"].items() if k != "objectives"},
                    "runs": [vars(run) for run in projected_runs()],
                }
            ),
            code=code_digest("project_embeddings"),
        message:
            "Projecting test embeddings"
        script:
            "../scripts/project_embeddings.py"
