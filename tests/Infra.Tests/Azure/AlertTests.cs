using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Training;

namespace VisionPlatform.Infra.Tests.Azure;

/// <summary>The alerts ask for what the app writes.</summary>
public sealed partial class AlertTests(BicepTemplate template)
{
    [Fact]
    public async Task Alerts_are_raised_on_errors_slow_requests_backups_and_the_queue_and_reach_people()
    {
        var deployment = await template.DeploymentAsync("prod");
        var rules = deployment.Of("Microsoft.Insights/scheduledQueryRules").ToList();
        var group = deployment.Of("Microsoft.Insights/actionGroups").Single();

        Assert.Equal(["alert-vision-prod-backups", "alert-vision-prod-errors", "alert-vision-prod-queue", "alert-vision-prod-slow"], rules.Select(rule => rule.Name()).Order());
        Assert.All(rules, rule => Assert.Equal(group.GetProperty("id").GetString(), rule.Properties().GetProperty("actions").GetProperty("actionGroups")[0].GetString()));
        Assert.Equal(["one@example.com", "two@example.com"], group.Properties().GetProperty("emailReceivers").EnumerateArray().Select(receiver => receiver.GetProperty("emailAddress").GetString()));
        Assert.EndsWith("/health/ready", deployment.Of("Microsoft.Insights/webtests").Single().Properties().GetProperty("Request").GetProperty("RequestUrl").GetString(), StringComparison.Ordinal);
        // More than 5 % errors and more than 500 ms for the slowest 5 %.
        Assert.Contains("failed * 20 > total", await QueryAsync("errors"));
        var slow = await QueryAsync("slow");
        Assert.Contains("p95 > 500", slow);
        Assert.Contains($"[Function({Quoted().Match(slow).Value})", Repository.Text("src/Functions.Api/Training/TrainingEventFunctions.cs"));
    }

    [Theory]
    [InlineData("backup", "platform", "the store does not answer")]
    [InlineData("drill", "users", "the hash of table users differs")]
    public async Task The_alert_on_backups_finds_the_lines_that_the_app_writes(string what, string database, string reason)
    {
        var query = await QueryAsync("backups");
        var pattern = new Regex(Matches().Match(query).Groups[1].Value);

        Assert.Matches(pattern, Line(typeof(BackupAlerts), "Failed", what, database, reason));
        Assert.StartsWith(StartsWith().Match(query).Groups[1].Value, Line(typeof(BackupAlerts), "Stale", database, reason), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_alert_on_the_queue_reads_the_line_that_the_app_writes()
    {
        var query = await QueryAsync("queue");
        // parse Message with "text" column:type "text" column:type "text": the texts around two columns.
        var texts = Quoted().Matches(query).Select(match => Regex.Escape(match.Groups[1].Value)).ToList();

        var read = Regex.Match(Line(typeof(QueueWatch), "Waits", "3", "75.5"), $"^{texts[0]}(\\d+){texts[1]}(\\d+\\.?\\d*){texts[2]}");

        Assert.Equal(("3", "75.5"), (read.Groups[1].Value, read.Groups[2].Value));
        Assert.EndsWith("where waited >= 60", query, StringComparison.Ordinal);
    }

    private async Task<string> QueryAsync(string rule) => (await template.DeploymentAsync("prod")).Of("Microsoft.Insights/scheduledQueryRules").Single(found => found.Name().EndsWith($"-{rule}", StringComparison.Ordinal))
        .Properties().GetProperty("criteria").GetProperty("allOf")[0].GetProperty("query").GetString()!;

    /// <summary>A log line as a method of the app writes it, with values in the order of its text.</summary>
    private static string Line(Type type, string method, params string[] values)
    {
        var left = new Queue<string>(values);
        var message = type.GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!.GetCustomAttribute<LoggerMessageAttribute>()!.Message;
        return Value().Replace(message, _ => left.Dequeue());
    }

    [GeneratedRegex("matches regex \"([^\"]+)\"")]
    private static partial Regex Matches();

    [GeneratedRegex("startswith \"([^\"]+)\"")]
    private static partial Regex StartsWith();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Value();
}
