using YamlDotNet.Serialization;

namespace VisionPlatform.Infra.Tests.Grafana;

/// <summary>The alert rules for Prometheus. That their metrics exist is tested against the running app.</summary>
public sealed class AlertRuleTests
{
    private const string Rules = "infra/grafana/alerts/rules.yml", Tests = "infra/grafana/alerts/rules.test.yml";

    [Fact]
    public async Task Promtool_accepts_the_rules_and_their_tests_pass()
    {
        var checkedAll = await Repository.RunAsync(Path.Combine(Repository.Root, "platform"), ["rules"]);

        Assert.True(checkedAll.Code == 0 && checkedAll.Output.Contains($"{Alerts().Count} rules found", StringComparison.Ordinal), checkedAll.All);
    }

    [Fact]
    public void Every_alert_has_a_severity_and_a_test_in_which_it_fires()
    {
        Assert.All(Alerts(), alert => Assert.Contains(((Dictionary<object, object>)alert["labels"])["severity"], (object[])["critical", "warning"]));
        var fired = ((List<object>)Read(Tests)["tests"]).Cast<Dictionary<object, object>>().SelectMany(test => (List<object>)test["alert_rule_test"]).Cast<Dictionary<object, object>>()
            .Where(test => ((List<object>)test["exp_alerts"]).Count > 0).Select(test => test["alertname"]).ToHashSet();

        Assert.Equal(Alerts().Select(alert => alert["alert"]).Order(), fired.Order());
    }

    private static List<Dictionary<object, object>> Alerts() =>
        [.. ((List<object>)Read(Rules)["groups"]).Cast<Dictionary<object, object>>().SelectMany(group => (List<object>)group["rules"]).Cast<Dictionary<object, object>>()];

    private static Dictionary<object, object> Read(string file) => (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(new StringReader(Repository.Text(file)))))!;
}
