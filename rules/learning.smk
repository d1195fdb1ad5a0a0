# From tokens to the frames of all runs.

from glossbench.expected import settings_digests
from glossbench.settings.model import canonical


rule encode_frozen:
    input:
        tokens=f"{RESULTS}/tokens/{CELL}",
        encoder=manifest_file("encoders", "{encoder}"),
    output:
        f"{RESULTS}/frozen/{CELL}.safetensors",
    log:
        f"{RESULTS}/logs/encode_frozen/{CELL}.log",
    cache: CACHED
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings.torch_threads
    resources:
        **GPU,
        mem_mb=RESOURCES.memory_mb,
        runtime=RESOURCES.encoding_minutes,
    params:
        settings=lambda w: job_params.frozen_settings(STUDY, w).to_json(),
        code=code_digest("encode_frozen"),
    message:
        "Encoding {wildcards.corpus} with the frozen layers of {wildcards.encoder}"
    script:
        "../scripts/encode_frozen.py"


rule estimate_sigma:
    input:
        unpack(PATHS.encoded),
    output:
        f"{RESULTS}/sigma/{CELL}.json",
    log:
        f"{RESULTS}/logs/estimate_sigma/{CELL}.log",
    benchmark:
        f"{RESULTS}/benchmarks/estimate_sigma/{CELL}.tsv"
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings.torch_threads
    resources:
        **GPU,
        mem_mb=RESOURCES.memory_mb,
        runtime=RESOURCES.encoding_minutes,
    params:
        settings=lambda w: job_params.sigma_settings(STUDY, w).to_json(),
        code=code_digest("estimate_sigma"),
    message:
        "Estimating sigma for {wildcards.corpus} with {wildcards.encoder}"
    script:
        "../scripts/estimate_sigma.py"


if STUDY.is_searching:

    rule tune:
        input:
            unpack(PATHS.tuning),
        output:
            **files_in(f"{RESULTS}/{search_folder(ANY_RUN)}", SEARCH_FILES),
        log:
            f"{RESULTS}/logs/tune/{CELL}/{{objective}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/tune/{CELL}/{{objective}}.tsv"
        conda:
            "../envs/glossbench.yaml"
        threads: STUDY.settings.torch_threads
        resources:
            **GPU,
            mem_mb=RESOURCES.memory_mb,
            runtime=RESOURCES.search_minutes,
        params:
            settings=lambda w: search_params(w)["settings"],
            code=lambda w: search_params(w)["code"],
            state=on_disk(f"{STATE}/tuning/{CELL}/{{objective}}"),
        message:
            "Searching the settings of {wildcards.objective} on {wildcards.corpus} with {wildcards.encoder}"
        script:
            "../scripts/tune.py"


# Runs have no benchmark: they write their seconds and peak memory (timing.json).
# A run and its evaluation are submitted together to a cluster (group). train makes one run; train_seeds_* several seeds
# of an experiment; train_with_snapshots also keeps a mini-batch. Params have no seed: regrouping seeds reruns nothing.


rule train:
    input:
        unpack(training_inputs),
    output:
        **TRAINING_OUTPUTS,
    log:
        f"{RESULTS}/logs/train/{CELL}/{{objective}}/seed-{{seed}}.log",
    wildcard_constraints:
        objective=TRAINED_KEYS,
    group:
        submission
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings.torch_threads
    resources:
        **GPU,
        mem_mb=RESOURCES.memory_mb,
        runtime=RESOURCES.run_minutes,
    params:
        settings=lambda w: run_params(w)["settings"],
        code=lambda w: run_params(w)["code"],
        state=on_disk(f"{STATE}/runs/{CELL}/{{objective}}"),
    message:
        "Fine-tuning {wildcards.encoder} on {wildcards.corpus} with {wildcards.objective}, seed {wildcards.seed}"
    script:
        "../scripts/train.py"


if STUDY.settings.snapshots:

    use rule train as train_with_snapshots with:
        output:
            **TRAINING_OUTPUTS,
            **files_in(RUN, {"snapshots": SNAPSHOTS}),
        wildcard_constraints:
            objective=alternatives(STUDY.settings.snapshots.objectives),
            seed=str(STUDY.settings.snapshots.seed),
        params:
            settings=lambda w: run_params(w, snapshots=True)["settings"],
            code=lambda w: run_params(w)["code"],
            state=on_disk(f"{STATE}/runs/{CELL}/{{objective}}"),

    ruleorder: train_with_snapshots > train


for seeds, experiments in SEED_BATCHES.items():
    rule_name = f"train_seeds_{'_'.join(map(str, seeds))}"

    rule:
        name:
            rule_name
        input:
            unpack(lambda w: training_inputs(whole_experiment(w))),
        output:
            **{name: [in_batch(path, seed) for seed in seeds] for name, path in TRAINING_OUTPUTS.items()},
        log:
            in_batch(f"{RESULTS}/logs/train/{CELL}/{{objective}}/seeds-{{seed}}.log", "-".join(map(str, seeds))),
        wildcard_constraints:
            experiment=alternatives(experiments),
        group:
            lambda w, seeds=seeds: submission_name(w.experiment, seeds)
        conda:
            "../envs/glossbench.yaml"
        threads: STUDY.settings.torch_threads
        resources:
            **GPU,
            mem_mb=lambda wildcards, attempt: RESOURCES.memory_mb(whole_experiment(wildcards), attempt),
            runtime=lambda wildcards, attempt, n=len(seeds): RESOURCES.run_minutes(
                whole_experiment(wildcards), attempt, n
            ),
        params:
            settings=lambda w: run_params(whole_experiment(w))["settings"],
            code=lambda w: run_params(whole_experiment(w))["code"],
            state=on_disk(f"{STATE}/runs/{{experiment}}"),
        message:
            "Fine-tuning for {wildcards.experiment}, several seeds"
        script:
            "../scripts/train.py"

    workflow.ruleorder(rule_name, "train")


rule classify_untuned:
    input:
        unpack(PATHS.untuned),
        card=CARD,
    output:
        **files_in(RUN, UNTUNED_FILES),
    log:
        f"{RESULTS}/logs/classify_untuned/{CELL}/{{objective}}/seed-{{seed}}.log",
    wildcard_constraints:
        objective=UNTUNED_KEYS,
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings.torch_threads
    resources:
        mem_mb=RESOURCES.memory_mb,
        runtime=RESOURCES.untuned_minutes,
    params:
        settings=lambda w: run_params(w)["settings"],
        code=lambda w: run_params(w)["code"],
    message:
        "Classifying {wildcards.corpus} without fine-tuning: {wildcards.objective} with {wildcards.encoder}"
    script:
        "../scripts/classify_untuned.py"


rule evaluate:
    input:
        **{name: TRAINING_OUTPUTS[name] for name in ("settings", "epochs", "embeddings", "logits")},
        card=CARD,
    output:
        **files_in(RUN, EVALUATION_FILES),
    log:
        f"{RESULTS}/logs/evaluate/{CELL}/{{objective}}/seed-{{seed}}.log",
    wildcard_constraints:
        objective=TRAINED_KEYS,
    group:
        submission
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=RESOURCES.evaluation_minutes,
    params:
        settings=lambda w: evaluation_params(w)["settings"],
        code=lambda w: evaluation_params(w)["code"],
    message:
        "Evaluating {wildcards.objective} on {wildcards.corpus} with {wildcards.encoder}, seed {wildcards.seed}"
    script:
        "../scripts/evaluate.py"


rule collect:
    input:
        unpack(lambda w: collected_files(w.view)),
    output:
        **frames_of("{view}", [name for name in STUDY.frames if name != "projections"]),
    log:
        "{view}/logs/collect.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        settings=lambda w: collected_settings(w.view),
        settings_digests=lambda w: canonical(settings_digests(EXPECTED, study_of(w.view).runs, IMPORTED)),
        code=code_digest("collect"),
    message:
        "Collecting the runs of {wildcards.view}"
    script:
        "../scripts/collect.py"


if STUDY.settings.projection:

    rule project_embeddings:
        input:
            unpack(lambda w: projected_embeddings(w.view)),
        output:
            "{view}/projections.parquet",
        log:
            "{view}/logs/project_embeddings.log",
        benchmark:
            "{view}/benchmarks/project_embeddings.tsv"
        conda:
            "../envs/glossbench.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=RESOURCES.projection_minutes,
        params:
            settings=lambda w: job_params.projection_settings(STUDY, study_of(w.view).runs_with("projection")).to_json(),
            code=code_digest("project_embeddings"),
        message:
            "Projecting the test embeddings of {wildcards.view}"
        script:
            "../scripts/project_embeddings.py"
