using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.SettingsFiles;

/// <summary>Settings of other programs: the trainers, the model server and the entry script.</summary>
internal static class OtherPrograms
{
    private const string Trainer = "Trainer process";
    private const string ModelServer = "Model server process";
    private const string Tools = "Tools";

    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new(Trainer, "TRAINER_API_KEY", "text", null, "required as bearer token on `/v1/…` when set") { IsSecret = true },
        new(Trainer, "TRAINER_SLOTS", "whole number", "2", "jobs at the same time"),
        new(Trainer, "TRAINER_THREADS", "whole number", null, "CPU threads of one job; without it all cores"),
        new(Trainer, "ONNXRUNTIME_LIBRARY", "path", null, "C library of ONNX Runtime that measures exports; without it the Python package, the system's library or that of the NuGet package"),
        new(Trainer, "TRAINER_CACHE_DIR", "path", null, "downloaded images and models; without it a folder in the temporary directory"),
        new(Trainer, "TRAINER_CACHE_MAX_GB", "number", "20", "what stays in it between jobs"),
        new(Trainer, "TRAINER_PREDICTOR_MODELS", "whole number", "8", "models held in memory for predictions"),
        new(Trainer, "TRAINER_CALLBACK_RETRY_SECONDS", "number", "900", "how long a trainer holds events for a platform that is away"),
        new(ModelServer, "MODEL_SERVER_API_KEY", "text", null, "required as bearer token; needed unless the server listens only on 127.0.0.1") { IsSecret = true },
        new(ModelServer, "MODEL_SERVER_CACHE_DIR", "path", null, "downloaded models; without it a folder in the temporary directory"),
        new(ModelServer, "MODEL_SERVER_CACHE_MB", "number", "20000", "what stays in it; the least recently used leave first"),
        new(ModelServer, "MODEL_SERVER_MEMORY_MB", "number", null, "memory of the loaded models and their work; without it half of the machine's or the container's. The least recently used leave first, and a model that needs more is refused"),
        new(ModelServer, "MODEL_SERVER_THREADS", "whole number", null, "threads that compute, for all models together; without it all cores"),
        new(ModelServer, "MODEL_SERVER_MAX_BATCH", "whole number", "32", "images that are computed together"),
        new(ModelServer, "MODEL_SERVER_BATCH_DELAY_MS", "number", "5", "how long an image waits for others that are being decoded"),
        new(ModelServer, "MODEL_SERVER_MAX_QUEUE", "whole number", "512", "images that may wait for a model; more are answered with `MODEL_SERVER_BUSY`"),
        new(ModelServer, "MODEL_SERVER_MAX_MEGAPIXELS", "number", "50", "pixels of an image; a request may have four times as many"),
        new(Tools, "PLATFORM_DIR", "path", ".platform", "where `./platform` keeps data, logs, ports and secrets"),
        new(Tools, "PORT", "whole number", "7071", "port of the API under `./platform`, another one when 7071 is taken; in a container the port of the app or of the trainer"),
        new(Tools, "TEST_DATABASE_URL", "PostgreSQL URL", null, "a server where tests may create and drop databases; without it they start one") { IsSecret = true },
        new(Tools, "FUNCTIONS_HOST_COMMAND", "text", null, "starts the Functions host for `./platform func`: run by the shell in the published folder (`APP_DIR`), `{port}` replaced; without it `func`"),
        new(Tools, "SMOKE_EMAIL", "text", null, "account that `platform-cli smoke` signs in with"),
        new(Tools, "SMOKE_PASSWORD", "text", null, "its password") { IsSecret = true },
        new(Tools, "NO_COLOR", "text", null, "any value: `platform-cli` writes without colour"),
    ];
}
