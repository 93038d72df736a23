using System.Globalization;
using DmAgents.EndToEnd.Tests.Storms;
using DmAgents.Testing.Lab;

namespace DmAgents.EndToEnd.Tests;

internal static class Program
{
    private static async Task<int> Main(string[] arguments) => arguments switch
    {
        ["--storm", var directory, var seed, .. var more] => await PowerCutStorm.Run(
            directory, int.Parse(seed, CultureInfo.InvariantCulture), onlyVerify: more is ["--only-verify"]),
        _ => TestRunner.Start(typeof(Program).Assembly, arguments),
    };
}
