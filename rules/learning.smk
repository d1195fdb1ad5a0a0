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


if STUDY.settings["tuning"]:

    rule tune:
        input:
            unpack(searched_inputs),
        output:
            best=f"{TUNING}/best.yaml",
            trials=f"{TUNING}/trials.csv",
            timing=f"{TUNING}/timing.csv",
        log:
            f"{RESULTS}/logs/tune/{CELL}/{{objective}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/tune/{CELL}/{{objective}}.tsv"
        conda:
            "../envs/glossbench.yaml"
        threads: STUDY.settings["torch_threads"]
        resources:
            mem_mb=6000,
            runtime=2880,
            gpu=GPUS,
        params:
            settings=lambda w: canonical(search_settings(w)),
            code=lambda w: code_digest("tune", *loss_modules(w)),
            state=f"{STATE}/tuning/{CELL}/{{objective}}",
        message:
            "Searching the settings of {wildcards.objective} on {wildcards.corpus} with {wildcards.encoder}"
        script:
            "../scripts/tune.py"


include: "training.smk"


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
        **collect_files(STUDY.runs, STUDY.searches(), cards()),
    output:
        **frames_of_study(RESULTS),
    log:
        f"{RESULTS}/logs/collect.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda w: canonical({"study": STUDY.name, "unfinished": [], "files": None}),
        code=code_digest("collect"),
    message:
        "Collecting all runs of {RESULTS}"
    script:
        "../scripts/collect.py"


# What is finished so far is no input: nothing of it is to be made, and another Snakemake may be at work on the rest.
rule collect_partial:
    output:
        **frames_of_study(f"{RESULTS}/partial"),
    log:
        f"{RESULTS}/partial/logs/collect.log",
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=lambda w: canonical(finished_so_far()),
        code=code_digest("collect"),
    message:
        "Collecting the runs of {RESULTS} that are finished so far"
    script:
        "../scripts/collect.py"


if STUDY.settings["projection"]:

    rule project_embeddings:
        input:
            embeddings=per_run(f"{RUN}/embeddings.npz", chosen_runs("projection")),
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
            settings=lambda w: canonical(projection_settings(chosen_runs("projection"))),
            code=code_digest("project_embeddings"),
        message:
            "Projecting test embeddings"
        script:
            "../scripts/project_embeddings.py"

    rule project_finished:
        output:
            f"{RESULTS}/partial/projections.parquet",
        log:
            f"{RESULTS}/partial/logs/project_embeddings.log",
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            settings=lambda w: canonical(projection_settings(finished(chosen_runs("projection")), as_files=True)),
            code=code_digest("project_embeddings"),
        message:
            "Projecting the test embeddings that are there so far"
        script:
            "../scripts/project_embeddings.py"
