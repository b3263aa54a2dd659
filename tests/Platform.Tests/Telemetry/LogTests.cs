using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using VisionPlatform.Api.Telemetry;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Telemetry;

[Collection(nameof(ObservedLab))]
public sealed partial class LogTests(ObservedLab lab)
{
    private const string Jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

    [Fact]
    public void Every_line_is_json_and_the_line_of_a_request_has_its_trace_id()
    {
        var lines = Lines().ToList();

        Assert.True(lines.Count > 50, $"The app wrote {lines.Count} lines.");
        Assert.All(lines, line => Assert.Superset(new HashSet<string> { "time", "level", "message", "category" }, line.EnumerateObject().Select(property => property.Name).ToHashSet()));
        var start = lines.First(line => ValueOf(line, "Route") == "/api/v1/training/jobs/{id:guid}/start" && ValueOf(line, "Status") == "202");
        Assert.Matches("^[0-9a-f]{32}$", ValueOf(start, "TraceId"));
        Assert.Equal(ValueOf(start, "TraceId"), start.GetProperty("traceId").GetString());
    }

    [Fact]
    public void The_log_of_a_run_through_sign_up_upload_and_training_has_no_personal_data_and_no_secrets()
    {
        var log = string.Join('\n', lab.App.Log);

        Assert.DoesNotContain(lab.SignedUp, log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(Email(), log);
        Assert.DoesNotContain("Ada Lovelace", log, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Amz-Signature", log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("eyJ", log, StringComparison.Ordinal);
        Assert.DoesNotContain(ObservedLab.MetricsToken, log, StringComparison.Ordinal);
        Assert.DoesNotContain(PlatformHost.JwtSecret, log, StringComparison.Ordinal);
        Assert.DoesNotContain(ApiClient.Password, log, StringComparison.Ordinal);
        Assert.DoesNotContain(lab.Admin.AccessToken!, log, StringComparison.Ordinal);
        Assert.DoesNotContain(lab.Admin.RefreshToken!, log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("550 mailbox <Ada.Love+lace@mail.example.com> unavailable", "550 mailbox <[hidden]> unavailable")]
    [InlineData("GET https://store.example/b/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=0123abcd&x=1 failed", "GET https://store.example/b/k?X-Amz-Credential=[hidden]&X-Amz-Signature=[hidden]&x=1 failed")]
    [InlineData("Authorization: Bearer abc.def-1, again", "Authorization: Bearer [hidden], again")]
    [InlineData($"token {Jwt} expired", "token [hidden] expired")]
    [InlineData("images of a@b and 3@5 are fine", "images of a@b and 3@5 are fine")]
    public void Texts_that_others_wrote_lose_what_must_not_leave_the_app(string text, string shown) => Assert.Equal(shown, PersonalData.Hide(text));

    [Fact]
    public async Task Failures_reach_sentry_with_their_trace_and_without_personal_data()
    {
        using var span = new System.Diagnostics.Activity("request").Start();
        using (var logging = LoggerFactory.Create(builder => builder.AddFailureReports(lab.Collector.SentryDsn)))
        {
            var log = logging.CreateLogger("Tests.Failures");
            log.LogWarning("not a failure of marker-7c1");
            log.LogError(new InvalidOperationException("no mailbox ada@mail.example.com"), "marker-7c1 failed for {Who} with {Token}", "ada@mail.example.com", Jwt);
        }
        await Waiting.UntilAsync(() => Envelopes().Any(), "the failure arrives");

        var envelope = Assert.Single(Envelopes());
        Assert.Contains(span.TraceId.ToHexString(), envelope, StringComparison.Ordinal);
        Assert.Contains("no mailbox [hidden]", envelope, StringComparison.Ordinal);
        Assert.DoesNotContain("ada@mail", envelope, StringComparison.Ordinal);
        Assert.DoesNotContain(Jwt, envelope, StringComparison.Ordinal);

        IEnumerable<string> Envelopes() => lab.Collector.Failures.Where(failure => failure.Contains("marker-7c1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Log_entries_reach_the_collector_with_their_trace()
    {
        await Waiting.UntilAsync(() => Starts().Any(), "the entry of the start of the job arrives");

        var start = Starts().First();
        Assert.Equal(start.Attributes["TraceId"], start.TraceId);
        Assert.Contains(lab.Collector.Spans, span => span.TraceId == start.TraceId);
        Assert.Equal("Information", start.Severity);

        IEnumerable<ReceivedLog> Starts() => lab.Collector.Logs.Where(entry =>
            entry.Attributes.GetValueOrDefault("Route") == "/api/v1/training/jobs/{id:guid}/start" && entry.Attributes.GetValueOrDefault("Status") == "202");
    }

    [Fact]
    public async Task Log_entries_for_the_collector_have_no_personal_data()
    {
        using (var logging = LoggerFactory.Create(builder => builder.Services.AddOpenTelemetry().WithLogging(
            logs => logs.AddLogExport(), LogExport.Configure).Services.Configure<OtlpExporterOptions>(otlp => (otlp.Endpoint, otlp.Protocol) = (new Uri($"{lab.Collector.Endpoint}/v1/logs"), OtlpExportProtocol.HttpProtobuf))))
            logging.CreateLogger("Tests.Logs").LogError(new InvalidOperationException("no mailbox ada@mail.example.com"), "marker-9e2 failed for {Who} with {Token} after {Tries} tries", "ada@mail.example.com", Jwt, 3);
        await Waiting.UntilAsync(() => Entries().Any(), "the entry arrives");

        var entry = Assert.Single(Entries());
        Assert.Equal("marker-9e2 failed for [hidden] with [hidden] after 3 tries", entry.Message);
        Assert.Equal(("[hidden]", "[hidden]", "3"), (entry.Attributes["Who"], entry.Attributes["Token"], entry.Attributes["Tries"]));
        Assert.Equal(("InvalidOperationException", "no mailbox [hidden]"), (entry.Attributes["exception.type"], entry.Attributes["exception.message"]));
        Assert.DoesNotContain(entry.Attributes.Values, value => value.Contains("ada@mail", StringComparison.Ordinal));

        IEnumerable<ReceivedLog> Entries() => lab.Collector.Logs.Where(one => one.Message.Contains("marker-9e2", StringComparison.Ordinal));
    }

    private IEnumerable<JsonElement> Lines() => lab.App.Log.Where(line => line.Length > 0).Select(line =>
    {
        try
        {
            return JsonDocument.Parse(line).RootElement;
        }
        catch (JsonException)
        {
            Assert.Fail($"Not JSON: {line}");
            throw;
        }
    });

    private static string ValueOf(JsonElement line, string name) => line.TryGetProperty("values", out var values) && values.TryGetProperty(name, out var value) ? value.ToString() : "";

    [GeneratedRegex(@"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")]
    private static partial Regex Email();
}
