using DmAgents.Actors.Fleet.Database;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Registries;
using DmAgents.Agent.Services;
using DmAgents.Images.Sources;
using DmAgents.Kernel;
using DmAgents.Kernel.Hosts;
using Microsoft.Extensions.Hosting.Systemd;

const string DefaultConfig = "/etc/dmagents/dmagents.conf";
const string Help = $"""
    dmagentd: the storage agent of this host

    Usage: dmagentd [--config FILE] [--check-config]

      --config FILE    The configuration; without it {DefaultConfig} where that exists, else the defaults.
      --check-config   Read and check the configuration, and end.
      --version        Print the version, and end.

    Runs as root in the foreground, logs to standard output, and ends on SIGTERM or SIGINT, also while it starts, with
    exit code 0 and with devices and mounts as they are.
    All settings are explained in config/dmagents.conf.
    """;
const int Failed = 1;
const int Usage = 2;

string? configFile = File.Exists(DefaultConfig) ? DefaultConfig : null;
var onlyCheck = false;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--config" when i + 1 < args.Length:
            configFile = args[++i];
            break;
        case "--check-config":
            onlyCheck = true;
            break;
        case "--version":
            Console.WriteLine(AgentVersion.Text);
            return 0;
        case "--help" or "-h":
            Console.WriteLine(Help);
            return 0;
        default:
            return Refuse($"'{args[i]}' is no option, or lacks its value; dmagentd --help shows them", Usage);
    }
}

AgentSettings settings;
try
{
    settings = SettingsReader.Read(configFile);
}
catch (SettingsException wrong)
{
    return Refuse(wrong.Message, Usage);
}
if (onlyCheck)
{
    // Not an error: systemd runs the check before each start, and the host's own work needs no database.
    if (settings.Fleet.Database is UnusableDatabase { Why: var why })
        Console.Error.WriteLine($"dmagentd: fleet.database: {why}; the fleet's changes are refused until it is corrected");
    Console.WriteLine($"{configFile ?? "the built-in configuration"}: ok");
    return 0;
}

using var signals = new EndSignals();
using var report = new StartReport(
    new SystemdNotifier(), said => Console.Error.WriteLine($"dmagentd: {said}"), TimeProvider.System);
var host = KernelProbe.Look(settings.Pools.Extension.VolumeGroup is not null);
foreach (var problem in host.Problems)
    Console.Error.WriteLine($"dmagentd: {problem.What}; next: {problem.Next}");
if (!host.CanRun)
    return Failed;
var opened = LinuxKernel.Open();
if (!opened.Succeeded)
    return Refuse($"device-mapper cannot be used: {opened.Error}", Failed);
using var kernel = opened.Value;
try
{
    using var one = StateLock.Take(settings);
    ReceivedArchive.Sweep(settings.SpoolDirectory);
    RegistryLayout.Sweep(settings.SpoolDirectory);
    report.Awaits("the journal's file is checked");
    JournalDatabase.Prepare(settings, signals.Token);
    await using var app = AgentHost.Build(settings, host, kernel, report);
    await AgentHost.Run(app, report, signals.Token).ConfigureAwait(false);
    return 0;
}
// A signal arrived before there was anything to stop.
catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
{
    return 0;
}
catch (SettingsException wrong)
{
    return Refuse(wrong.Message, Failed);
}

static int Refuse(string why, int exitCode)
{
    Console.Error.WriteLine($"dmagentd: {why}");
    return exitCode;
}
