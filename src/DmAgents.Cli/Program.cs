using DmAgents.Cli.Shell;

return await CommandLine.RunAsync(args, CliEnvironment.OfThisProcess()).ConfigureAwait(false);
