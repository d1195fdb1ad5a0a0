# One job a run; where the study asks for it, one job for several seeds of a cell, or one that watches a mini-batch.
# The params say nothing of seeds: how they are spread over jobs reruns nothing.


rule train:
    input:
        unpack(training_inputs),
    output:
        **RUN_FILES,
    log:
        f"{RESULTS}/logs/train/{CELL}/{{objective}}/seed-{{seed}}.log",
    conda:
        "../envs/glossbench.yaml"
    threads: STUDY.settings["torch_threads"]
    resources:
        mem_mb=6000,
        runtime=720,
        gpu=GPUS,
    params:
        settings=lambda w: cell_params(w),
        code=lambda w: code_digest("train", *loss_modules(w)),
        state=f"{STATE}/runs/{CELL}/{{objective}}",
    message:
        "Fine-tuning {wildcards.encoder} on {wildcards.corpus} with {wildcards.objective}, seed {wildcards.seed}"
    script:
        "../scripts/train.py"


if STUDY.settings["snapshots"]:

    use rule train as train_watched with:
        output:
            **RUN_FILES,
            snapshots=f"{RUN}/snapshots.npz",
        wildcard_constraints:
            objective="|".join(map(re.escape, STUDY.settings["snapshots"]["objectives"])),
            seed=str(STUDY.settings["snapshots"]["seed"]),
        params:
            settings=lambda w: cell_params(w, snapshots=True),
            code=lambda w: code_digest("train", *loss_modules(w)),
            state=f"{STATE}/runs/{CELL}/{{objective}}",

    ruleorder: train_watched > train


for seeds, cells in packs().items():

    rule:
        name:
            f"train_seeds_{'_'.join(map(str, seeds))}"
        input:
            unpack(lambda w: training_inputs(Cell(w))),
        output:
            **{name: [in_pack(path, seed) for seed in seeds] for name, path in RUN_FILES.items()},
        log:
            in_pack(f"{RESULTS}/logs/train/{CELL}/{{objective}}/seeds-{{seed}}.log", "-".join(map(str, seeds))),
        wildcard_constraints:
            cell="|".join(map(re.escape, cells)),
        conda:
            "../envs/glossbench.yaml"
        threads: STUDY.settings["torch_threads"]
        resources:
            mem_mb=6000,
            runtime=720 * len(seeds),
            gpu=GPUS,
        params:
            settings=lambda w: cell_params(Cell(w)),
            code=lambda w: code_digest("train", *loss_modules(Cell(w))),
            state=f"{STATE}/runs/{{cell}}",
        message:
            "Fine-tuning for {wildcards.cell}, several seeds"
        script:
            "../scripts/train.py"

    workflow.ruleorder(f"train_seeds_{'_'.join(map(str, seeds))}", "train")
