using DmAgents.Testing.Lab;

namespace DmAgents.EndToEnd.Tests;

internal static class Program
{
    private static int Main(string[] arguments) => TestRunner.Start(typeof(Program).Assembly, arguments);
}
