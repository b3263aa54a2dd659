using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Api.Telemetry;

/// <summary>Sends what the app logs as an error to Sentry, with the trace id and without personal data.</summary>
public static class FailureReports
{
    public static ILoggingBuilder AddFailureReports(this ILoggingBuilder logging, string dsn) => logging.AddSentry(sentry =>
    {
        sentry.Dsn = dsn;
        sentry.MinimumEventLevel = LogLevel.Error;
        // Lines before a failure may be those of other people's requests.
        sentry.MinimumBreadcrumbLevel = LogLevel.None;
        sentry.SendDefaultPii = false;
        sentry.TracesSampleRate = 0;
        sentry.AutoSessionTracking = false;
        sentry.IsGlobalModeEnabled = true;
        sentry.SetBeforeSend(failure => Prepare(failure));
    });

    internal static SentryEvent Prepare(SentryEvent failure)
    {
        failure.ServerName = null;
        // The values of the log entry come as tags.
        foreach (var (name, value) in failure.Tags.ToList())
            failure.SetTag(name, PersonalData.Hide(value));
        if (Activity.Current is { } span)
            failure.SetTag("trace_id", span.TraceId.ToHexString());
        if (failure.Message is { } text)
            failure.Message = new SentryMessage { Message = text.Message, Formatted = PersonalData.Hide(text.Formatted ?? text.Message ?? "") };
        foreach (var exception in failure.SentryExceptions ?? [])
            exception.Value = PersonalData.Hide(exception.Value ?? "");
        return failure;
    }
}
