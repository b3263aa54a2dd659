using Microsoft.ML.OnnxRuntime;

namespace VisionPlatform.ModelServer.Models;

/// <summary>
/// ONNX Runtime for the whole process: the models share one set of threads and one arena of memory, which cannot grow beyond the budget. An
/// allocation that does not fit fails instead of having the process killed.
/// </summary>
internal sealed class Runtime
{
    private static readonly Lock Gate = new();

    public Runtime(ServerSettings settings)
    {
        lock (Gate)
        {
            if (OrtEnv.IsCreated)
                return;
            using var threads = new OrtThreadingOptions { GlobalIntraOpNumThreads = settings.Threads, GlobalInterOpNumThreads = 1, GlobalSpinControl = false };
            var options = new EnvironmentCreationOptions { logId = "model-server", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, threadOptions = threads };
            var environment = OrtEnv.CreateInstanceWithOptions(ref options);
            // An arena takes its limit as 32 bits; above, only the measured memory of the models counts. 1: grow by what is asked for.
            using var arena = new OrtArenaCfg(settings.MemoryBytes < uint.MaxValue ? (uint)settings.MemoryBytes : 0, 1, -1, -1);
            using var memory = new OrtMemoryInfo(OrtMemoryInfo.allocatorCPU, OrtAllocatorType.ArenaAllocator, 0, OrtMemType.Default);
            environment.CreateAndRegisterAllocator(memory, arena);
        }
    }

    /// <summary>Opens a model file.</summary>
    /// <param name="onOneThread">Runs on the thread of the caller alone, not on the threads that the models share.</param>
    /// <exception cref="OnnxRuntimeException">The file is no model that the runtime can run, or there is no memory for it.</exception>
    public InferenceSession Open(string path, bool onOneThread = false)
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        if (onOneThread)
            options.IntraOpNumThreads = 1;
        else
            options.DisablePerSessionThreads();
        options.AddSessionConfigEntry("session.use_env_allocators", "1");
        if (OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider"))
            options.AppendExecutionProvider_CUDA();
        return new InferenceSession(path, options);
    }

    /// <summary>Whether a failure of the runtime says that there is no memory.</summary>
    public static bool IsOutOfMemory(Exception failure) =>
        failure is OutOfMemoryException || (failure is OnnxRuntimeException && (failure.Message.Contains("Available memory of", StringComparison.Ordinal)
            || failure.Message.Contains("Failed to allocate memory", StringComparison.Ordinal) || failure.Message.Contains("bad_alloc", StringComparison.Ordinal)));
}
