# The frames of several studies as those of one. Each study is run by itself; no rule here makes its frames.


rule combine:
    input:
        **member_frames(),
    output:
        **frames_of(RESULTS),
    log:
        f"{RESULTS}/logs/combine.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code_digest("combine"),
    message:
        f"Combining the frames of {RESULTS}"
    script:
        "../scripts/combine.py"
