using DmAgents.Testing.Lab;

namespace DmAgents.Kernel.Tests;

internal static class Program
{
    private static int Main(string[] arguments) => TestRunner.Start(typeof(Program).Assembly, arguments);
}
