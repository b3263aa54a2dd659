namespace VisionPlatform.Infrastructure.Settings;

/// <summary>The language model of the chat.</summary>
/// <param name="GoogleApiKey">GOOGLE_API_KEY.</param>
/// <param name="Model">LLM_MODEL.</param>
public sealed record LanguageModelSettings(string? GoogleApiKey, string Model)
{
    public static LanguageModelSettings From(SettingsReader settings) => new(
        settings.Text("GOOGLE_API_KEY", "key of the language model; nothing reads it yet", secret: true),
        settings.Text("LLM_MODEL", "which language model; nothing reads it yet", "gemini-2.5-flash-lite")!);

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => Model;
}

/// <summary>An MLflow server outside the platform.</summary>
/// <param name="MlflowUrl">MLFLOW_TRACKING_URI; null when there is none.</param>
public sealed record TrackingSettings(Uri? MlflowUrl)
{
    public static TrackingSettings From(SettingsReader settings) => new(
        settings.Url("MLFLOW_TRACKING_URI", "an MLflow server of your own; nothing reads it yet"));
}
