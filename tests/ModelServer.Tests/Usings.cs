[assembly: AssemblyFixture(typeof(VisionPlatform.ModelServer.Tests.ModelFolder))]
