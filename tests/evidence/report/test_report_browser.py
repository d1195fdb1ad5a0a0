"""The report in a real browser: it shows, sorts, filters, prints and can be used without a mouse or a network."""

import io
import shutil
from dataclasses import replace

import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from tests.support.made_up import corpora
from tests.support.report_pages import many_runs, page, shown, study
from tests.support.waiting import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and its chromedriver are not installed"),
]
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


def picture() -> bytes:
    stored = io.BytesIO()
    Image.new("RGB", (2085, 900), "white").save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    # root in a container has neither a sandbox nor much of /dev/shm; a page that still scrolls cannot be clicked
    arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"]
    for argument in (*arguments, "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> str:
    """A report of 1,000 runs with three figures."""
    made_from = study(many_runs(100), corpora=corpora("mr", "r8"))
    audit, table, figure = shown(made_from, picture())
    copies = [replace(figure, key=f"copy_{n}", title=f"Copy {n}", caption="A copy.") for n in range(2)]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(made_from=made_from, shown=[audit, table, figure, *copies]), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(name="page")
def fresh_page(browser, place):
    """The page as it is first seen, its runs unfolded; no network, and nothing to complain of at the end."""
    browser.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    browser.get(place)
    browser.execute_script("document.querySelector('#runs details').open = true")
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    assert browser.get_log("browser") == []


def column(page, header: str) -> list[str]:
    """The texts of a column of the runs that are shown, from top to bottom."""
    script = """
        const table = document.querySelector("#runs table");
        const place = [...table.tHead.rows[0].cells].findIndex((head) => head.textContent === arguments[0]);
        return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[place].textContent);
    """
    return page.execute_script(script, header)


def button(page, header: str):
    return page.find_element(By.XPATH, f"//section[@id='runs']//th/button[text()='{header}']")


def seconds(text: str) -> float:
    units = {"s": 1, "min": 60, "h": 3600}
    words = text.split()
    return sum(float(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))


def test_every_figure_is_there_at_a_size_of_its_own(page):
    sizes = page.execute_script("return [...document.images].map((one) => [one.naturalWidth, one.width, one.height])")
    assert len(sizes) == 3
    for natural, width, height in sizes:
        assert natural == 2085
        assert 2 < width / height < 2.6


def test_clicking_a_header_sorts_up_then_down_then_as_at_first(page):
    first = column(page, "Test accuracy")
    numbers = sorted(map(float, first))
    head = button(page, "Test accuracy")
    assert head.find_element(By.XPATH, "..").get_attribute("aria-sort") == "none"
    head.click()
    assert [float(text) for text in column(page, "Test accuracy")] == numbers
    assert head.find_element(By.XPATH, "..").get_attribute("aria-sort") == "ascending"
    head.click()
    assert [float(text) for text in column(page, "Test accuracy")] == numbers[::-1]
    head.click()
    assert column(page, "Test accuracy") == first


def test_times_are_sorted_by_their_length_and_not_as_text(page):
    button(page, "Time").click()
    times = [seconds(text) for text in column(page, "Time")]
    assert times == sorted(times)
    assert times[0] < 60 < 3600 < times[-1]


def test_runs_are_chosen_by_column_and_by_words(page):
    form = page.find_element(By.CSS_SELECTOR, ".filters")
    count = form.find_element(By.CSS_SELECTOR, "[role=status]")
    assert count.text == "1,000 of 1,000 runs"
    Select(form.find_element(By.CSS_SELECTOR, "[data-column=Corpus]")).select_by_visible_text("R8")
    assert count.text == "500 of 1,000 runs"
    form.find_element(By.TAG_NAME, "input").send_keys("g-loss standalone")
    assert count.text == "100 of 1,000 runs"
    assert set(column(page, "Objective")) == {"G-Loss-SQRT"}
    assert set(column(page, "Corpus")) == {"R8"}
    form.find_element(By.TAG_NAME, "button").click()
    assert count.text == "1,000 of 1,000 runs"


def test_page_is_used_by_keyboard_alone(page):
    page.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert page.switch_to.active_element.text == "To the results"
    form = page.find_element(By.CSS_SELECTOR, ".filters")
    form.find_element(By.TAG_NAME, "input").send_keys("mr")
    form.find_element(By.TAG_NAME, "button").send_keys(Keys.TAB)
    assert page.switch_to.active_element.get_attribute("aria-label") == "Runs"  # the table, which arrows scroll
    page.switch_to.active_element.send_keys(Keys.TAB)
    focused = page.switch_to.active_element
    assert (focused.tag_name, focused.text) == ("button", "Encoder" if "Corpus" not in focused.text else "Corpus")
    assert page.execute_script("return getComputedStyle(arguments[0]).outlineStyle", focused) == "solid"
    focused.send_keys(Keys.SPACE)
    assert focused.find_element(By.XPATH, "..").get_attribute("aria-sort") == "ascending"


def test_sorting_a_thousand_runs_keeps_nobody_waiting(page):
    """Against the time that the same machine takes to lay the rows out in another order."""
    script = """
        const body = document.querySelector("#runs table").tBodies[0];
        const acts = { sort: () => arguments[1].click(), turn: () => body.append(...[...body.rows].reverse()) };
        document.body.offsetHeight;
        const begun = performance.now();
        acts[arguments[0]]();
        document.body.offsetHeight;
        return performance.now() - begun;
    """
    turning, sorting = (page.execute_script(script, act, button(page, "Test accuracy")) for act in ("turn", "sort"))
    assert sorting < 10 * turning


def test_page_is_as_wide_as_a_phone_and_no_wider(page):
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE["width"]


def see(page, query: str, **media) -> None:
    """Have the page seen in a medium, and wait until it is."""
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    wait_until(lambda: page.execute_script("return matchMedia(arguments[0]).matches", query), 60, query)


def luminance(page, what: str) -> float:
    color = page.execute_script(f"return getComputedStyle(document.body).{what}")
    red, green, blue = (int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))
    return (red + green + blue) / 765


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_page_follows_the_reader_s_colour_scheme(page, scheme, is_dark):
    see(page, f"(prefers-color-scheme: {scheme})", features=[{"name": "prefers-color-scheme", "value": scheme}])
    paper, ink = luminance(page, "backgroundColor"), luminance(page, "color")
    assert (paper < ink) is is_dark
    assert abs(paper - ink) > 0.7


def test_print_is_black_on_white_and_leaves_out_what_cannot_be_clicked(page):
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    see(page, "print and (prefers-color-scheme: dark)", media="print", features=dark)
    assert luminance(page, "backgroundColor") == 1
    assert luminance(page, "color") == 0
    for name in ("nav", ".filters", ".files"):
        assert not page.find_element(By.CSS_SELECTOR, name).is_displayed()
