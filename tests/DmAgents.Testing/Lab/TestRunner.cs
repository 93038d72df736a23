using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace DmAgents.Testing.Lab;

/// <summary>
/// Runs an assembly's tests in this process, by xunit's own discovery and execution: in a guest of the lab every
/// further process is dear, and the test host's sockets are one more thing that can fail.
/// </summary>
public static class TestRunner
{
    private const string Argument = "--in-lab";

    /// <summary>
    /// <c>--in-lab [FILTER...]</c>: runs the tests whose name contains one of the filters, or that have the trait of a
    /// filter such as "Needs=Kernel"; "!" before a filter leaves those out. Prints one line per test and the counts.
    /// </summary>
    /// <returns>The exit status: 0 passed, 1 failed or nothing to run, 2 wrong usage.</returns>
    public static int Start(Assembly assembly, string[] arguments)
    {
        if (arguments is [Argument, .. var filters])
            return Run(assembly, filters, Console.Out);
        Console.Error.WriteLine($"usage: {assembly.GetName().Name} {Argument} [FILTER...]; elsewhere use dotnet test");
        return 2;
    }

    private static int Run(Assembly assembly, string[] filters, TextWriter output)
    {
        var report = new TestReport(output);
        using var framework = new XunitTestFramework(report);
        using var discovery = new DiscoverySink();
        using var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        var options = new Options();
        discoverer.Find(includeSourceInformation: false, discovery, options);
        discovery.Finished.Wait();
        var cases = discovery.Cases.Where(test => IsWanted(test, filters)).ToList();
        using var executor = framework.GetExecutor(assembly.GetName());
        // One kernel, one set of disks: one test at a time.
        options.SetValue<bool?>("xunit.execution.DisableParallelization", true);
        executor.RunTests(cases, report, options);
        report.Finished.Wait();
        report.WriteCounts();
        return cases.Count > 0 && report.Failed == 0 ? 0 : 1;
    }

    private static bool IsWanted(ITestCase test, string[] filters)
    {
        var without = filters.Where(filter => filter.StartsWith('!')).Select(filter => filter[1..]);
        var with = filters.Where(filter => !filter.StartsWith('!')).ToList();
        return !without.Any(filter => Matches(test, filter))
            && (with.Count == 0 || with.Any(filter => Matches(test, filter)));
    }

    private static bool Matches(ITestCase test, string filter) => filter.Split('=', 2) is [var trait, var value]
        ? test.Traits.TryGetValue(trait, out var values) && values.Contains(value)
        : test.DisplayName.Contains(filter, StringComparison.Ordinal);

    private sealed class DiscoverySink : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestCaseDiscoveryMessage found:
                    Cases.Add(found.TestCase);
                    break;
                case IDiscoveryCompleteMessage:
                    Finished.Set();
                    break;
            }
            return true;
        }

        public void Dispose() => Finished.Dispose();
    }

    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = [];

        public TValue GetValue<TValue>(string name) =>
            _values.TryGetValue(name, out var value) && value is TValue typed ? typed : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
