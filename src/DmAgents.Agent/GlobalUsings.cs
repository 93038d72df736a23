global using DmAgents.Agent.UseCases;
