"""The report in a browser: links and tables work, nothing is wider than a phone, nothing is fetched."""

import shutil

import pytest

from pybp.report import report

webdriver = pytest.importorskip("selenium.webdriver")
By = pytest.importorskip("selenium.webdriver.common.by").By

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = [
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are needed"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # selenium's
]


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for option in ("headless", "no-sandbox", "disable-gpu", "disable-background-networking"):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    found = webdriver.Chrome(options=options, service=service)
    yield found
    found.quit()


@pytest.fixture(scope="module")
def address(any_subject, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "r.html"
    path.write_text(report(any_subject), encoding="utf-8")
    return path.as_uri()


def show(browser, size):
    """Make the window as large as a device's; returns the width."""
    width, height = SIZES[size]
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    return width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_window(browser, address, size, theme):
    width = show(browser, size)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": theme}]},
    )
    browser.get(address)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    shown = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (shown == "rgb(255, 255, 255)") == (theme == "light")
    drawn = browser.find_elements(By.TAG_NAME, "svg")
    assert all(picture.size["width"] > 200 for picture in drawn if picture.is_displayed())


def test_clicking_through(browser, address):
    show(browser, "desktop")
    browser.get(address)
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    links = browser.find_elements(By.CSS_SELECTOR, "nav a")
    assert len(links) >= 7
    for link in links:
        link.click()
        mark = link.get_attribute("href").partition("#")[2]
        assert browser.execute_script("return location.hash") == f"#{mark}"
        assert browser.find_element(By.ID, mark).is_displayed()
    folded = browser.find_elements(By.TAG_NAME, "details")
    assert len(folded) >= 5
    for part in folded:
        inside = part.find_element(By.XPATH, "./*[not(self::summary)]")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", part)
        before = inside.is_displayed()
        part.find_element(By.TAG_NAME, "summary").click()
        assert (before, inside.is_displayed()) == (False, True)
    assert browser.get_log("browser") == []
