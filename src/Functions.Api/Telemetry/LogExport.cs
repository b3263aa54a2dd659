using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Logs;

namespace VisionPlatform.Api.Telemetry;

/// <summary>Sends log entries by the OpenTelemetry protocol, with their trace and without personal data.</summary>
public static class LogExport
{
    /// <summary>What an entry says, its values, and then where it goes: the exporter gets entries in the order of the processors.</summary>
    /// <param name="logs">The pipeline of log entries.</param>
    public static LoggerProviderBuilder AddLogExport(this LoggerProviderBuilder logs) => logs.AddProcessor(new WithoutPersonalData()).AddOtlpExporter();

    /// <summary>Entries carry the finished message: a collector shows it, and searches in it.</summary>
    /// <param name="options">Options of the pipeline.</param>
    public static void Configure(OpenTelemetryLoggerOptions options) => options.IncludeFormattedMessage = true;

    private sealed class WithoutPersonalData : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data)
        {
            if (data.FormattedMessage is { } message)
                data.FormattedMessage = PersonalData.Hide(message);
            var values = (data.Attributes ?? []).Select(Hidden).ToList();
            if (data.Exception is { } exception)
            {
                // As the exporter names the parts of an exception, which it would send as they are.
                values.Add(new("exception.type", exception.GetType().Name));
                values.Add(new("exception.message", PersonalData.Hide(exception.Message)));
                values.Add(new("exception.stacktrace", PersonalData.Hide(exception.ToString())));
                data.Exception = null;
            }
            data.Attributes = values;
        }

        private static KeyValuePair<string, object?> Hidden(KeyValuePair<string, object?> value) => value.Value is null or bool or int or long or double
            ? value
            : new(value.Key, PersonalData.Hide(Convert.ToString(value.Value, CultureInfo.InvariantCulture) ?? ""));
    }
}
