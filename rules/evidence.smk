# From the frames of a view to tables, figures, verdicts and the report.
# The params code, paper_digest and templates are digests that no script reads: they rerun a rule when these change.

from glossbench.provenance import NUMERICS
from glossbench.settings.claims import claims_text
from glossbench.settings.model import canonical
from glossbench.settings.outputs import read_caption, report_entries


report: "../report/workflow.rst"


rule table:
    input:
        unpack(lambda w: frames_of(w.view, OUTPUT["table", w.table].frames_in(STUDY))),
    output:
        csv=shown("{view}/tables/{table}.csv", "Tables"),
        md=shown("{view}/tables/{table}.md", "Tables"),
        tex=shown("{view}/tables/{table}.tex", "Tables"),
        html="{view}/tables/{table}.html",
    log:
        "{view}/logs/table_{table}.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        output=lambda w: output_params(OUTPUT["table", w.table]),
        caption=lambda w: read_caption(ROOT, w.table),
        names=lambda w: names_param(),
        numerics=NUMERICS,
        code=lambda w: code_digest("table", OUTPUT["table", w.table].full_module),
    message:
        "Writing the table {wildcards.table}"
    script:
        "../scripts/table.py"


rule figure:
    input:
        unpack(lambda w: frames_of(w.view, OUTPUT["figure", w.figure].frames_in(STUDY))),
    output:
        png=shown("{view}/figures/{figure}.png", "Figures"),
        pdf=shown("{view}/figures/{figure}.pdf", "Figures"),
        csv="{view}/figures/{figure}.csv",
        txt="{view}/figures/{figure}.txt",
    log:
        "{view}/logs/figure_{figure}.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        output=lambda w: output_params(OUTPUT["figure", w.figure]),
        caption=lambda w: read_caption(ROOT, w.figure),
        names=lambda w: names_param(),
        numerics=NUMERICS,
        code=lambda w: code_digest("figure", OUTPUT["figure", w.figure].full_module),
    message:
        "Drawing the figure {wildcards.figure}"
    script:
        "../scripts/figure.py"


rule significance:
    input:
        runs="{view}/runs.parquet",
    output:
        csv="{view}/significance.csv",
        json="{view}/significance.json",
    log:
        "{view}/logs/significance.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        paper_digest=PAPER_DIGEST,
        names=lambda w: names_param(),
        code=code_digest("significance", "glossbench.evidence.statistics.significance"),
    message:
        "Testing the differences between objectives"
    script:
        "../scripts/significance.py"


rule claims:
    input:
        runs="{view}/runs.parquet",
        epochs="{view}/epochs.parquet",
    output:
        json="{view}/claims.json",
        md=shown("{view}/claims.md", "Claims"),
    log:
        "{view}/logs/claims.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        claims=lambda w: claims_text(CLAIMS),
        caption=read_caption(ROOT, "claims"),
        paper_digest=PAPER_DIGEST,
        names=lambda w: names_param(),
        code=code_digest("claims", "glossbench.evidence.claims.judging", "glossbench.evidence.claims.page"),
    message:
        "Judging claims"
    script:
        "../scripts/claims.py"


rule report:
    input:
        runs="{view}/runs.parquet",
        epochs="{view}/epochs.parquet",
        corpora="{view}/corpora.parquet",
        coverage="{view}/coverage.parquet",
        claims="{view}/claims.json",
        tables=lambda w: files_of("table", w.view, ["html"]),
        figures=lambda w: files_of("figure", w.view, ["png"]),
        captions=lambda w: files_of("figure", w.view, ["txt"]),
        source_lists=lambda w: source_lists_here(),
    output:
        page=shown("{view}/report.html", "Report"),
        provenance="{view}/provenance.json",
    log:
        "{view}/logs/report.log",
    localrule: True
    conda:
        "../envs/glossbench.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        settings=lambda w: canonical(STUDY.spelled_out),
        source_lists=lambda w: canonical({name: on_disk(path) for name, path in source_lists(STUDY, IMPORTED).items()}),
        claims=lambda w: claims_text(CLAIMS),
        caption=read_caption(ROOT, "report"),
        outputs=lambda w: canonical(report_entries(outputs_of(w.view), ROOT)),
        names=lambda w: names_param(),
        templates=digest_of_folder(TEMPLATES),
        code=code_digest("report"),
    message:
        "Writing the report"
    script:
        "../scripts/report.py"
