using VisionPlatform.Functions.Embedded.Tests.Durable.Faults;
using Xunit.Runner.InProc.SystemConsole;

// Runs the tests, or one engine for a test that needs it in a process of its own.
return args is [EngineProcess.Argument, .. string[] engine] ? await EngineProcess.RunAsync(engine) : await ConsoleRunner.Run(args);
